package chunks

import (
	"slices"
	"sync"
	"time"
)

const (
	// Part is how large the parts are at most, in bytes: small enough that what else goes by the
	// same connection isn't held up by one.
	Part = 256 << 10
	// Window is how much is under way of one value, in bytes.
	Window = 1 << 20
	// AtOnce is of how many values parts come at once; others wait for their turn. A NATS server
	// breaks the connection of a client with more than 64 MiB that it hasn't read.
	AtOnce = 16
	// DefaultMax is how large a value may be unless it is set, in bytes.
	DefaultMax = 64 << 20
	// MaxTogether is how many bytes the values may have together that are put together in a
	// process, and those that wait there to be sent; but for an item each way, see Await.
	MaxTogether = 256 << 20
	// leastRoom is how much room a value takes at least, so that there can't be any number.
	leastRoom = 64 << 10
	// Stall is how long the other end may keep from sending what it has credit for, or from saying
	// anything of credit for what it has heard of. Who has no turn yet says so each Waits.
	Stall = 10 * time.Second
	Waits = Stall / 4
)

// Way is which way items go for which room is awaited.
type Way int

const (
	ToCaller Way = iota
	ToServer
	ways
)

// house is the room of the process. It has one memory, however many clients and servers it has.
var house struct {
	sync.Mutex
	taken   int64
	items   [ways]int      // that have room
	waiting [ways][]*Await // the first come, first served
}

// Room is the right to keep a value in memory.
type Room struct {
	size int64
	item bool // one that goes some way
	way  Way
}

func sizeOf(length uint64) int64 { return max(int64(length), leastRoom) }

// TakeRoom returns room for a value of so many bytes; nil: there isn't enough.
func TakeRoom(length uint64) *Room {
	if length > MaxTogether {
		return nil
	}
	house.Lock()
	defer house.Unlock()
	size := sizeOf(length)
	if house.taken+size > MaxTogether {
		return nil
	}
	house.taken += size
	return &Room{size: size}
}

// Leave gives the room back. A nil one takes none.
func (r *Room) Leave() {
	if r == nil || r.size == 0 {
		return
	}
	house.Lock()
	defer house.Unlock()
	house.taken -= r.size
	r.size = 0
	if r.item {
		house.items[r.way]--
	}
}

// Await is an item that waits for room, all of it. An item of each way always has room, whatever else is there:
// a handler keeps what it was sent while its answer waits for room at the caller, which may be in this process,
// and so would all others if what they were sent could fill it.
type Await struct {
	size int64
	way  Way
}

// AwaitRoom begins to wait for room for an item of so many bytes, of MaxTogether at most. Whoever calls it
// calls GiveUp in the end.
func AwaitRoom(way Way, length uint64) *Await {
	a := &Await{size: sizeOf(length), way: way}
	house.Lock()
	defer house.Unlock()
	house.waiting[way] = append(house.waiting[way], a)
	return a
}

// Take returns the room; nil: it isn't the item's turn, or there isn't enough.
func (a *Await) Take() *Room {
	house.Lock()
	defer house.Unlock()
	if queue := house.waiting[a.way]; len(queue) == 0 || queue[0] != a {
		return nil
	}
	if house.taken+a.size > MaxTogether && house.items[a.way] > 0 {
		return nil
	}
	house.waiting[a.way] = house.waiting[a.way][1:]
	house.taken += a.size
	house.items[a.way]++
	return &Room{size: a.size, item: true, way: a.way}
}

// GiveUp waits no longer, if it still does, and lets others have their turn.
func (a *Await) GiveUp() {
	house.Lock()
	defer house.Unlock()
	if at := slices.Index(house.waiting[a.way], a); at >= 0 {
		house.waiting[a.way] = slices.Delete(house.waiting[a.way], at, at+1)
	}
}

// Taken returns how many bytes of room are taken in the process.
func Taken() int64 {
	house.Lock()
	defer house.Unlock()
	return house.taken
}

// Turns are for the values of which parts come at once.
type Turns chan struct{}

// NewTurns returns the turns of one end.
func NewTurns() Turns { return make(Turns, AtOnce) }

// Leave lets the next one have a turn.
func (t Turns) Leave() { <-t }

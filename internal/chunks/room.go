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
	// DefaultMax is how large a value may be unless it is set, in bytes.
	DefaultMax = 64 << 20
	// MaxTogether is how many bytes the values may have together that are put together in a
	// process, and those that wait there to be sent; but for an item each way, see Await.
	MaxTogether = 256 << 20
	// MaxOfOne is how many of these one owner's values may have together, but for one that has all that the owner
	// has: so an owner that sends without an end, or announces an item and doesn't send it, leaves room for others.
	MaxOfOne = MaxTogether / 4 * 3
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
	of      map[string]int64 // of that, by owner; those that have none aren't there
	items   [ways]int        // that have room
	waiting [ways][]*Await   // the first come, first served
}

// takeLocked takes so much for an owner who keeps to its share. It is called with the house locked.
func takeLocked(owner string, size int64) {
	house.taken += size
	if owner == "" {
		return
	}
	if house.of == nil {
		house.of = make(map[string]int64)
	}
	if house.of[owner] += size; house.of[owner] == 0 {
		delete(house.of, owner)
	}
}

// exceedsLocked reports whether an owner with so much more beside what others of its values have would have more than
// its share. It is called with the house locked.
func exceedsLocked(owner string, others, more int64) bool {
	return owner != "" && others > 0 && house.of[owner]+more > MaxOfOne
}

// Room is the right to keep a value in memory.
type Room struct {
	owner string // "": it belongs to nobody who has to keep to a share
	size  int64
	item  bool // one that goes some way
	way   Way
}

func sizeOf(length uint64) int64 { return max(int64(length), leastRoom) }

// TakeRoom returns room for a value of so many bytes; nil: there isn't enough.
func TakeRoom(length uint64) *Room { return TakeRoomOf("", length) }

// TakeRoomOf is TakeRoom for a value of somebody who has to keep to a share.
func TakeRoomOf(owner string, length uint64) *Room {
	if length > MaxTogether {
		return nil
	}
	house.Lock()
	defer house.Unlock()
	size := sizeOf(length)
	if house.taken+size > MaxTogether || exceedsLocked(owner, house.of[owner], size) {
		return nil
	}
	takeLocked(owner, size)
	return &Room{owner: owner, size: size}
}

// Grow takes as much more as it needs for so many bytes. It returns false if there isn't enough.
func (r *Room) Grow(length uint64) bool {
	house.Lock()
	defer house.Unlock()
	more := sizeOf(length) - r.size
	if more <= 0 {
		return true
	}
	if house.taken+more > MaxTogether || exceedsLocked(r.owner, house.of[r.owner]-r.size, more) {
		return false
	}
	takeLocked(r.owner, more)
	r.size += more
	return true
}

// Leave gives the room back. A nil one takes none.
func (r *Room) Leave() {
	if r == nil || r.size == 0 {
		return
	}
	house.Lock()
	defer house.Unlock()
	takeLocked(r.owner, -r.size)
	r.size = 0
	if r.item {
		house.items[r.way]--
	}
}

// Await is an item that waits for room, all of it. An item of each way always has room, whatever else is there:
// a handler keeps what it was sent while its answer waits for room at the caller, which may be in this process,
// and so would all others if what they were sent could fill it.
type Await struct {
	owner string
	size  int64
	way   Way
}

// AwaitRoom begins to wait for room for an item of so many bytes, of MaxTogether at most. Whoever calls it
// calls GiveUp in the end. Items whose owner has its share, unless that is "", let others pass.
func AwaitRoom(way Way, owner string, length uint64) *Await {
	a := &Await{owner: owner, size: sizeOf(length), way: way}
	house.Lock()
	defer house.Unlock()
	house.waiting[way] = append(house.waiting[way], a)
	return a
}

// Take returns the room; nil: it isn't the item's turn, or there isn't enough.
func (a *Await) Take() *Room {
	house.Lock()
	defer house.Unlock()
	at := slices.IndexFunc(house.waiting[a.way], func(one *Await) bool {
		return !exceedsLocked(one.owner, house.of[one.owner], one.size)
	})
	if at < 0 || house.waiting[a.way][at] != a {
		return nil
	}
	if house.taken+a.size > MaxTogether && house.items[a.way] > 0 {
		return nil
	}
	house.waiting[a.way] = slices.Delete(house.waiting[a.way], at, at+1)
	takeLocked(a.owner, a.size)
	house.items[a.way]++
	return &Room{owner: a.owner, size: a.size, item: true, way: a.way}
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

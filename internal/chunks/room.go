package chunks

import (
	"sync/atomic"
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
	// process, and those that wait there to be sent.
	MaxTogether = 256 << 20
	// leastRoom is how much room a value takes at least, so that there can't be any number.
	leastRoom = 64 << 10
	// Stall is how long the other end may keep from sending what it has credit for, or from saying
	// anything of credit for what it has heard of. Who has no turn yet says so each Waits.
	Stall = 10 * time.Second
	Waits = Stall / 4
)

// together is how much room is taken in the process. One process has one memory, however many
// clients and servers it has.
var together atomic.Int64

// Room is the right to keep a value in memory.
type Room struct{ size int64 }

// TakeRoom returns room for a value of so many bytes; nil: there isn't enough.
func TakeRoom(length uint64) *Room {
	if length > MaxTogether {
		return nil
	}
	size := max(int64(length), leastRoom)
	if together.Add(size) > MaxTogether {
		together.Add(-size)
		return nil
	}
	return &Room{size}
}

// Leave gives the room back. A nil one takes none.
func (r *Room) Leave() {
	if r != nil {
		together.Add(-r.size)
		r.size = 0
	}
}

// Taken returns how many bytes of room are taken in the process.
func Taken() int64 { return together.Load() }

// Turns are for the values of which parts come at once.
type Turns chan struct{}

// NewTurns returns the turns of one end.
func NewTurns() Turns { return make(Turns, AtOnce) }

// Leave lets the next one have a turn.
func (t Turns) Leave() { <-t }

package chunks

import (
	"context"
	"slices"
	"sync"
)

// MaxArguments is how many bytes the arguments may have together that a process's callers send in chunks, but for
// those that have all of this room to themselves. It is apart from MaxTogether, and a quarter of that: where
// the servers are in the same process, the same values are put together there, and come back, and are put together once
// more. If arguments could fill all that there is, none of these had room, and nothing ever ended.
const MaxArguments = MaxTogether / 4

// leaving are the arguments of the process that are kept to be sent.
var leaving struct {
	sync.Mutex
	taken   int64
	waiting []*Arguments // the first come, first served
}

// Arguments are those of a call, encoded, from when they are to leave in chunks until it has ended.
type Arguments struct {
	size int64
	turn chan struct{} // closed when they have room
}

// SendArguments begins to wait for room for arguments of so many bytes. Those that can't wait have it at once,
// whatever else is there. Whoever calls it calls Leave in the end.
func SendArguments(length uint64, wait bool) *Arguments {
	a := &Arguments{size: sizeOf(length), turn: make(chan struct{})}
	leaving.Lock()
	defer leaving.Unlock()
	if !wait {
		leaving.taken += a.size
		close(a.turn)
		return a
	}
	leaving.waiting = append(leaving.waiting, a)
	letLeave()
	return a
}

// Turn is closed once the arguments have room.
func (a *Arguments) Turn() <-chan struct{} { return a.turn }

// Leave gives the room back, or waits for it no longer.
func (a *Arguments) Leave() {
	leaving.Lock()
	defer leaving.Unlock()
	if at := slices.Index(leaving.waiting, a); at >= 0 {
		leaving.waiting = slices.Delete(leaving.waiting, at, at+1)
	} else {
		leaving.taken -= a.size
	}
	a.size = 0 // they may be left twice
	letLeave()
}

// letLeave gives room to those whose turn it is. It is called with the lock held.
func letLeave() {
	for len(leaving.waiting) > 0 {
		next := leaving.waiting[0]
		if leaving.taken > 0 && leaving.taken+next.size > MaxArguments {
			return
		}
		leaving.waiting = slices.Delete(leaving.waiting, 0, 1)
		leaving.taken += next.size
		close(next.turn)
	}
}

// Leaving returns how many bytes of arguments have room to be sent.
func Leaving() int64 {
	leaving.Lock()
	defer leaving.Unlock()
	return leaving.taken
}

// HolderKey is the key under which the context of a handler says true if it holds arguments that came in chunks.
type HolderKey struct{}

// Holds reports whether whoever has a context holds large arguments. What it calls can't wait until others are done
// with theirs: whose these are may wait for it.
func Holds(ctx context.Context) bool {
	holds, _ := ctx.Value(HolderKey{}).(bool)
	return holds
}

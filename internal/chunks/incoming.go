package chunks

import (
	"errors"
	"fmt"
	"sync"

	"github.com/helium-rpc/helium/internal/uncleared"
	"github.com/helium-rpc/helium/internal/wire"
)

// Incoming is a value that is put together. Whoever receives puts parts in and isn't held up; one
// other goroutine takes them out and puts them together.
type Incoming struct {
	// Came tells that there is something to take.
	Came chan struct{}

	extent wire.Extent

	mu     sync.Mutex
	parts  [][]byte // guarded by mu; those that came and weren't taken
	next   uint64   // guarded by mu; the offset of the next part
	credit uint64   // guarded by mu; that the other end has
	fault  error    // guarded by mu; what it did wrong

	// The taker's own:
	value    []byte
	checksum uint32
	room     *Room // for what has come; nil: there is room for all of it
}

// firstRoom is how much memory a value gets before anything of it has come, in bytes, and then as
// much again as has come: its length is only a claim.
const firstRoom = 1 << 20

// NewIncoming returns a value of which nothing has come yet.
func NewIncoming(extent wire.Extent) *Incoming {
	return &Incoming{Came: make(chan struct{}, 1), extent: extent}
}

// Length returns how long the value will be.
func (in *Incoming) Length() uint64 { return in.extent.Length }

var errOrder = errors.New("parts of a value came twice, or some are missing")

// ErrNoRoom is the error of a value for whose next parts there is no room.
var ErrNoRoom = errors.New("there is no room for the rest of the value")

// Within has the value take room as it comes, instead of by what its length says. It is called before Take.
func (in *Incoming) Within(room *Room) { in.room = room }

// Put puts a part in, which stays as it is. It never waits.
func (in *Incoming) Put(offset uint64, part []byte) {
	in.mu.Lock()
	switch {
	case in.fault != nil:
	case offset != in.next:
		in.fault = fmt.Errorf("%w: one has the offset %d, want %d", errOrder, offset, in.next)
	case len(part) == 0 || uint64(len(part)) > in.credit-in.next:
		in.fault = fmt.Errorf("a part of %d bytes came where %d were asked for", len(part), in.credit-in.next)
	default:
		in.parts = append(in.parts, part)
		in.next += uint64(len(part))
	}
	if in.fault != nil {
		in.parts = nil
	}
	in.mu.Unlock()
	select {
	case in.Came <- struct{}{}:
	default:
	}
}

// Take puts together what has come. It returns what the other end did wrong, if it did, or ErrNoRoom.
func (in *Incoming) Take() error {
	in.mu.Lock()
	parts, fault := in.parts, in.fault
	in.parts = nil
	in.mu.Unlock()
	for _, part := range parts {
		if !in.grow(len(part)) {
			return ErrNoRoom
		}
		in.value = append(in.value, part...)
		in.checksum = wire.UpdateChecksum(in.checksum, part)
	}
	return fault
}

// grow makes room for so many bytes more. It returns false if there is none.
func (in *Incoming) grow(more int) bool {
	need := len(in.value) + more
	if need <= cap(in.value) {
		return true
	}
	room := min(max(2*len(in.value), firstRoom, need), int(in.extent.Length))
	if in.room != nil && !in.room.Grow(uint64(room)) {
		return false
	}
	grown := uncleared.Bytes(room)[:len(in.value)]
	copy(grown, in.value)
	in.value = grown
	return true
}

// Credit returns up to which offset the other end may send now, and whether it is to be told: when
// half of what it had is used up.
func (in *Incoming) Credit() (offset uint64, due bool) {
	offset = min(in.extent.Length, uint64(len(in.value))+Window)
	in.mu.Lock()
	defer in.mu.Unlock()
	if offset == in.credit || offset < in.extent.Length && offset-in.credit < Window/2 {
		return in.credit, false
	}
	in.credit = offset
	return offset, true
}

// Have returns how many bytes were put together.
func (in *Incoming) Have() int { return len(in.value) }

// Whole reports whether all has come.
func (in *Incoming) Whole() bool { return uint64(len(in.value)) == in.extent.Length }

// Value returns the value once it is whole.
func (in *Incoming) Value() ([]byte, error) {
	if in.checksum != in.extent.Checksum {
		return nil, fmt.Errorf("what came in chunks has the checksum %08x, want %08x", in.checksum, in.extent.Checksum)
	}
	return in.value, nil
}

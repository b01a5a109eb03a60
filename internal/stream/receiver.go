package stream

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// large is from which size on items are kept in the message in which they came. Smaller ones
	// are copied, or each would keep a message that may be many times as large.
	large = 16 << 10
	// maxKept is up to which size memory for items is used again.
	maxKept = 64 << 10
)

// Receiver is the end of a stream where items arrive. Open, Next, Took and Close are called by one
// goroutine at a time, the rest by any.
type Receiver struct {
	pool  *Pool
	grant func(wire.Credit) // tells the other end how much it may send in all

	// Of who takes the items:
	used    wire.Credit // since credit was given last
	step    wire.Credit // of that or more, more credit is given
	reading []byte      // what is being read, to be used again; nil: nothing is

	mu     sync.Mutex
	came   sync.Cond
	chunks []Chunk     // guarded by mu; that wait
	spare  []byte      // guarded by mu; memory to be used again
	seen   wire.Credit // guarded by mu; what has come
	taken  wire.Credit // guarded by mu; what was read, when credit was given last
	given  wire.Credit // guarded by mu; what may come in all
	held   int         // guarded by mu; bytes of the pool
	window window      // guarded by mu
	closed bool        // guarded by mu; nobody reads any more
	ended  bool        // guarded by mu; nothing more is taken in
	err    error       // guarded by mu; why it ended; nil: there are no more items
	due    error       // guarded by mu; why no more is read once it has ended; nil: all of it is

	cut atomic.Pointer[error] // why no more is read of what has come; nil: all of it is
}

// canceled is the error of who reads on when nobody does any more.
var canceled = error(context.Canceled)

// Chunk is a row of items.
type Chunk struct {
	// Data are the items, one after another. They are the receiver's again with the next call of
	// Next, unless they are Owned.
	Data []byte
	// Count is how many they are.
	Count uint64
	// Owned says that nobody else uses Data, now or later.
	Owned bool
}

// NewReceiver returns a receiver whose credit comes from a pool. Grant is called by who calls Took.
func NewReceiver(pool *Pool, grant func(wire.Credit)) *Receiver {
	r := &Receiver{pool: pool, grant: grant}
	r.came.L = &r.mu
	return r
}

// Open returns what the other end may send to begin with. It is called before anything comes.
func (r *Receiver) Open() wire.Credit {
	r.mu.Lock()
	r.window.open(time.Now())
	r.mu.Unlock()
	return r.giveMore()
}

// giveMore gives as much credit as the stream may have.
func (r *Receiver) giveMore() wire.Credit {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken.Bytes += r.used.Bytes
	r.taken.Items += r.used.Items
	read := int(r.used.Bytes)
	r.used = wire.Credit{}
	if r.closed {
		return r.given
	}
	if r.given.Bytes > 0 {
		r.window.next(time.Now(), read, r.seen.Bytes >= r.given.Bytes || r.seen.Items >= r.given.Items)
	}
	// The last item may have been larger than what was given.
	r.given.Bytes = max(r.given.Bytes, r.taken.Bytes)
	left := int(r.given.Bytes - r.taken.Bytes)
	share := poolShare
	if r.window.bytes > Window {
		share = grownShare
	}
	got := r.pool.exchange(r.held-left, r.window.bytes-left, share)
	r.held = left + got
	r.given.Bytes += uint64(got)
	r.given.Items = max(r.given.Items, r.taken.Items+r.window.items())
	// A bit less than half: of two halves the second would often lack a part of an item.
	r.step = wire.Credit{Bytes: uint64(r.held+2) * 3 / 8, Items: r.window.items() * 3 / 8}
	return r.given
}

// Arrive takes in items that came. Data may be kept.
func (r *Receiver) Arrive(items wire.Items) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		return
	case items.Before != r.seen.Items:
		r.endLocked(gap(r.seen.Items, items.Before))
		return
	case r.seen.Bytes >= r.given.Bytes || r.seen.Items+items.Count > r.given.Items:
		r.endLocked(helium.ErrBadMessage.WithMessage("the other end of the stream sent more than it may"))
		return
	}
	if !r.window.dry.IsZero() {
		r.window.comes(time.Now(), items.Waited)
	}
	r.seen.Bytes += uint64(len(items.Data))
	r.seen.Items += items.Count
	r.keepLocked(items)
	r.came.Signal()
}

// keepLocked keeps items until they are read.
func (r *Receiver) keepLocked(items wire.Items) {
	if len(items.Data) >= large {
		r.chunks = append(r.chunks, Chunk{items.Data, items.Count, true})
		return
	}
	last := len(r.chunks) - 1
	if last < 0 || r.chunks[last].Owned {
		r.chunks = append(r.chunks, Chunk{Data: r.spare[:0]})
		r.spare = nil
		last++
	}
	r.chunks[last].Data = append(r.chunks[last].Data, items.Data...)
	r.chunks[last].Count += items.Count
}

// gap returns the error of items that got lost or came twice.
func gap(want, got uint64) *helium.Error {
	if got < want {
		return helium.ErrStreamGap.WithMessage("items %d to %d of the stream came twice", got+1, want)
	}
	return helium.ErrStreamGap.WithMessage("items %d to %d of the stream got lost", want+1, got)
}

// End takes in that no more items come, after so many.
func (r *Receiver) End(count uint64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended && count != r.seen.Items {
		err = gap(r.seen.Items, count)
	}
	r.endLocked(err)
}

// Fail ends the stream with an error behind what has come.
func (r *Receiver) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endLocked(err)
}

// Abort ends the stream with an error, whatever has come and isn't read yet.
func (r *Receiver) Abort(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended, r.err = true, err
	r.cutLocked(err)
	r.came.Signal()
}

// Cut has nothing more read of a stream that others end, or have ended, when it has ended. One of which all
// was read by then ends as they say.
func (r *Receiver) Cut(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due = err; r.ended {
		r.cutLocked(err)
	}
}

func (r *Receiver) cutLocked(err error) {
	if len(r.chunks) > 0 {
		r.chunks, r.err = nil, err
	}
	r.cut.Store(&err)
}

// Settle waits until the stream has ended.
func (r *Receiver) Settle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.ended {
		r.came.Wait()
	}
}

// whyCut returns why no more is read of what has come; nil: all of it is.
func (r *Receiver) whyCut() error {
	if err := r.cut.Load(); err != nil {
		return *err
	}
	return nil
}

func (r *Receiver) endLocked(err error) {
	if !r.ended {
		r.ended, r.err = true, err
		if r.due != nil {
			r.cutLocked(r.due)
		}
		r.came.Signal()
	}
}

// Next waits for items, and returns those that have come. Without any it returns why there are no
// more: nil if all have come.
func (r *Receiver) Next() (chunk Chunk, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cap(r.reading) <= maxKept && r.spare == nil {
		r.spare = r.reading
	}
	r.reading = nil
	if len(r.chunks) == 0 && !r.ended {
		r.window.waits(time.Now())
	}
	for len(r.chunks) == 0 && !r.ended {
		r.came.Wait()
	}
	if len(r.chunks) == 0 {
		return Chunk{}, r.err
	}
	chunk = r.chunks[0]
	r.chunks[0] = Chunk{}
	if r.chunks = r.chunks[1:]; len(r.chunks) == 0 {
		r.chunks = nil
	}
	if !chunk.Owned {
		r.reading = chunk.Data
	}
	return chunk, nil
}

// Took takes in that an item of so many bytes was read, and gives the other end more credit where
// that is due.
func (r *Receiver) Took(size int) {
	r.used.Bytes += uint64(size)
	r.used.Items++
	if r.used.Bytes >= r.step.Bytes || r.used.Items >= r.step.Items {
		r.grant(r.giveMore())
	}
}

// Close gives back the credit. Who reads on all the same, as an iterator that was kept, is told that not all
// was read.
func (r *Receiver) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pool.put(r.held)
	if !r.ended || len(r.chunks) > 0 {
		r.err = canceled
	}
	r.cut.CompareAndSwap(nil, &canceled)
	r.held, r.closed, r.ended, r.chunks = 0, true, true, nil
}

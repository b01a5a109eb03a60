package stream

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// inflow is what comes of a stream: items and parts of them, until it ends. All of its methods may be called by any
// goroutine.
type inflow struct {
	bounds func() Bounds // of items in parts

	opening insistence // says what the other end may send to begin with

	mu     sync.Mutex
	came   sync.Cond
	queue  queue       // guarded by mu; what waits to be read
	seen   wire.Credit // guarded by mu; what has come
	may    allowance   // guarded by mu; how much may come
	begun  uint64      // guarded by mu; what has come of an item whose other parts are to come, in bytes; 0: there is none
	length uint64      // guarded by mu; how long that will be
	late   bool        // guarded by mu; a part of it has waited for credit
	ended  bool        // guarded by mu; nothing more is taken in
	unsure bool        // guarded by mu; nothing has come yet, so what was given to begin with may have got lost
	err    error       // guarded by mu; why it ended; nil: there are no more items
	due    error       // guarded by mu; why no more is read once it has ended; nil: all of it is

	cut atomic.Pointer[error] // why no more is read of what has come; nil: all of it is
}

// Arrive takes in items that came. Data may be kept. It reports whether more is taken in.
func (r *inflow) Arrive(items wire.Items) (goesOn bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heardLocked()
	switch {
	case r.ended:
		return false
	case items.Before != r.seen.Items:
		r.endLocked(gap(r.seen.Items, items.Before))
		return false
	case r.begun > 0:
		r.endLocked(partGap(r.seen.Items, r.begun, r.length))
		return false
	case !r.may.admits(r.seen, len(items.Data), items.Count):
		r.endLocked(errTooMuch)
		return false
	}
	if !r.may.window.dry.IsZero() {
		r.may.window.comes(time.Now(), items.Waited)
	}
	r.seen.Bytes += uint64(len(items.Data))
	r.seen.Items += items.Count
	r.queue.add(items)
	r.came.Signal()
	return true
}

var errTooMuch = helium.ErrBadMessage.WithMessage("the other end of the stream sent more than it may")

// ArrivePart takes in a part of an item that came, as Arrive does items. Its data may be kept.
func (r *inflow) ArrivePart(part wire.Part) (goesOn bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heardLocked()
	var first uint64 // an item begins with this part
	if r.begun == 0 {
		first = 1
	}
	var err error
	switch {
	case r.ended:
		return false
	case part.Before != r.seen.Items:
		err = gap(r.seen.Items, part.Before)
	case part.Offset != r.begun:
		err = partGap(r.seen.Items, r.begun, part.Offset)
	case r.begun > 0 && part.Length != r.length:
		err = helium.ErrBadMessage.WithMessage("item %d of the stream has %d bytes by one of its parts and %d by another one", part.Before+1, r.length, part.Length)
	case !r.may.admits(r.seen, len(part.Data), first):
		err = errTooMuch
	case r.begun == 0 && part.Length > uint64(r.bounds().Most):
		err = r.bounds().tooLarge(part.Before+1, part.Length)
	}
	if err != nil {
		r.endLocked(err)
		return false
	}
	r.queue.addPart(&part)
	r.begun, r.length, r.late = r.begun+uint64(len(part.Data)), part.Length, r.late || part.Waited
	r.seen.Bytes += uint64(len(part.Data))
	if part.IsLast() {
		r.begun = 0
		r.seen.Items++
	}
	if r.readyLocked() {
		if !r.may.window.dry.IsZero() {
			r.may.window.comes(time.Now(), r.late)
		}
		r.late = false
		r.came.Signal()
	}
	return true
}

// readyLocked reports whether there is something to take for who reads: of an item in parts only if it is whole,
// or if more credit is due for it.
func (r *inflow) readyLocked() bool {
	return !r.queue.empty() || len(r.queue.chunks) > 0 && r.may.due(wire.Credit{Bytes: r.seen.Bytes - r.may.taken.Bytes})
}

// End takes in that no more items come, after so many.
func (r *inflow) End(count uint64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
	case count != r.seen.Items:
		err = gap(r.seen.Items, count)
	case r.begun > 0:
		err = partGap(r.seen.Items, r.begun, r.length)
	}
	r.endLocked(err)
}

// Account takes in what the other end has sent so far, and how much it may as far as it knows. What of that
// hasn't come is lost; if a credit is, it returns that which is to be given again.
func (r *inflow) Account(of wire.Account) (again wire.Credit, lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heardLocked()
	switch {
	case r.ended:
	case of.Items > r.seen.Items:
		r.endLocked(gap(r.seen.Items, of.Items))
	case of.Items == r.seen.Items && of.Part > r.begun:
		r.endLocked(partGap(r.seen.Items, r.begun, of.Part))
	default:
		return r.may.given, r.may.exceeds(of.Credit)
	}
	return wire.Credit{}, false
}

// Ended reports whether nothing more is taken in.
func (r *inflow) Ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// Fail ends the stream with an error behind what has come.
func (r *inflow) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endLocked(err)
}

// Abort ends the stream with an error, whatever has come and isn't read yet.
func (r *inflow) Abort(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heardLocked()
	r.ended, r.err = true, err
	r.cutLocked(err)
	r.came.Signal()
}

// Cut has nothing more read of a stream that others end, or have ended, when it has ended. One of which all
// was read by then ends as they say.
func (r *inflow) Cut(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due = err; r.ended {
		r.cutLocked(err)
	}
}

func (r *inflow) cutLocked(err error) {
	if len(r.queue.chunks) > 0 {
		r.queue.chunks, r.err = nil, err
	}
	r.cut.Store(&err)
}

// Settle waits until the stream has ended.
func (r *inflow) Settle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.ended {
		r.came.Wait()
	}
}

// whyCut returns why no more is read of what has come; nil: all of it is.
func (r *inflow) whyCut() error {
	if err := r.cut.Load(); err != nil {
		return *err
	}
	return nil
}

func (r *inflow) endLocked(err error) {
	r.heardLocked()
	if !r.ended {
		r.ended, r.err = true, err
		if r.due != nil {
			r.cutLocked(r.due)
		}
		r.came.Signal()
	}
}

// heardLocked takes in that the other end sends, or that nothing is wanted of it any more.
func (r *inflow) heardLocked() {
	if r.unsure {
		r.unsure = false
		r.opening.end()
	}
}

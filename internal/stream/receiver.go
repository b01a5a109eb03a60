package stream

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// roomPoll is how often room is looked for that an item needs, and roomWait for how long.
	roomPoll = 10 * time.Millisecond
	roomWait = 6 * chunks.Stall
)

// Receiver is the end of a stream where items arrive. Open, Next, Took and Close are called by one
// goroutine at a time, the rest by any.
type Receiver struct {
	bounds func() Bounds     // of items in parts
	grant  func(wire.Credit) // tells the other end how much it may send in all

	// Of who takes the items:
	used    wire.Credit // since credit was given last
	reading []byte      // what is being read, to be used again; nil: nothing is
	roomy   bool        // there is room for what is being read

	opening insistence // says what Open gave

	mu     sync.Mutex
	came   sync.Cond
	queue  queue        // guarded by mu; what waits to be read
	seen   wire.Credit  // guarded by mu; what has come
	may    allowance    // guarded by mu; how much may come
	begun  uint64       // guarded by mu; what has come of an item whose other parts are to come, in bytes; 0: there is none
	length uint64       // guarded by mu; how long that will be
	late   bool         // guarded by mu; a part of it has waited for credit
	room   *chunks.Room // guarded by mu; that of the item which is being put together or read; nil: it needs none
	closed bool         // guarded by mu; nobody reads any more
	ended  bool         // guarded by mu; nothing more is taken in
	unsure bool         // guarded by mu; nothing has come yet, so what Open gave may have got lost
	err    error        // guarded by mu; why it ended; nil: there are no more items
	due    error        // guarded by mu; why no more is read once it has ended; nil: all of it is

	cut atomic.Pointer[error] // why no more is read of what has come; nil: all of it is
}

// canceled is the error of who reads on when nobody does any more.
var canceled = error(context.Canceled)

// NewReceiver returns a receiver whose credit comes from a pool. Grant is called by who calls Took or Next.
func NewReceiver(pool *Pool, bounds func() Bounds, grant func(wire.Credit)) *Receiver {
	r := &Receiver{bounds: bounds, grant: grant, may: allowance{pool: pool}}
	r.came.L = &r.mu
	return r
}

// Strict has items refused that come whole and should have come in parts, as there wasn't enough credit for them. It
// is called before Open, where the other end knows parts.
func (r *Receiver) Strict() { r.may.strict = true }

// Open returns what the other end may send to begin with. It is called before anything comes.
func (r *Receiver) Open() wire.Credit {
	r.mu.Lock()
	r.may.open()
	r.mu.Unlock()
	return r.giveMore()
}

// Insist gives what Open gave again, some times, unless something comes: who sends can't begin without, so its loss
// would never show. It is called after Open.
func (r *Receiver) Insist() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.closed {
		return
	}
	r.unsure = true
	r.opening.begin(func() {
		r.mu.Lock()
		given, unsure := r.may.given, r.unsure
		r.mu.Unlock()
		if unsure {
			r.grant(given)
		}
	})
}

// heardLocked takes in that the other end sends, or that nothing is wanted of it any more.
func (r *Receiver) heardLocked() {
	if r.unsure {
		r.unsure = false
		r.opening.end()
	}
}

// giveMore gives as much credit as the stream may have.
func (r *Receiver) giveMore() wire.Credit {
	r.mu.Lock()
	defer r.mu.Unlock()
	read := r.used
	r.used = wire.Credit{}
	if !r.closed {
		r.may.more(read, r.seen)
	}
	return r.may.given
}

// Arrive takes in items that came. Data may be kept.
func (r *Receiver) Arrive(items wire.Items) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heardLocked()
	switch {
	case r.ended:
		return
	case items.Before != r.seen.Items:
		r.endLocked(gap(r.seen.Items, items.Before))
		return
	case r.begun > 0:
		r.endLocked(partGap(r.seen.Items, r.begun, r.length))
		return
	case !r.may.admits(r.seen, len(items.Data), items.Count):
		r.endLocked(errTooMuch)
		return
	}
	if !r.may.window.dry.IsZero() {
		r.may.window.comes(time.Now(), items.Waited)
	}
	r.seen.Bytes += uint64(len(items.Data))
	r.seen.Items += items.Count
	r.queue.add(items)
	r.came.Signal()
}

var errTooMuch = helium.ErrBadMessage.WithMessage("the other end of the stream sent more than it may")

// ArrivePart takes in a part of an item that came. Its data may be kept.
func (r *Receiver) ArrivePart(part wire.Part) {
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
		return
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
		return
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
}

// readyLocked reports whether there is something to take for who reads: of an item in parts only if it is whole,
// or if more credit is due for it.
func (r *Receiver) readyLocked() bool {
	return !r.queue.empty() || len(r.queue.chunks) > 0 && r.may.due(wire.Credit{Bytes: r.seen.Bytes - r.may.taken.Bytes})
}

// End takes in that no more items come, after so many.
func (r *Receiver) End(count uint64, err error) {
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
func (r *Receiver) Account(of wire.Account) (again wire.Credit, lost bool) {
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
	r.heardLocked()
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
	if len(r.queue.chunks) > 0 {
		r.queue.chunks, r.err = nil, err
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
	r.heardLocked()
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
	if r.roomy {
		r.leaveRoom()
	}
	if chunk, err = r.next(); chunk.parts != nil {
		return r.assemble(chunk.parts)
	}
	return chunk, err
}

// assemble puts an item together of which these parts have come first.
func (r *Receiver) assemble(p *parts) (Chunk, error) {
	if p.length > Window { // else it is within the credit of its stream, which was given for it
		if err := r.makeRoom(p); err != nil {
			return Chunk{}, err
		}
	}
	if !p.whole {
		defer r.watch()()
	}
	r.tookPart(p.size)
	for !p.whole {
		more, err := r.next()
		if err != nil || more.parts == nil {
			r.leaveRoom() // its reader may go on for long without asking for another one
			return Chunk{}, err
		}
		p.join(more.parts)
		r.tookPart(more.parts.size)
	}
	return Chunk{Data: p.value(), Count: 1, Owned: true, Assembled: true}, nil
}

// makeRoom takes room for an item, all of it before more credit is given for it.
func (r *Receiver) makeRoom(p *parts) error {
	bounds := r.bounds()
	if p.length > chunks.MaxTogether {
		return bounds.noRoom(p.length)
	}
	await := chunks.AwaitRoom(bounds.Way, p.length)
	defer await.GiveUp()
	for began := time.Now(); ; time.Sleep(roomPoll) {
		if taken, err := r.takeRoom(await, p.whole); taken || err != nil {
			return err
		}
		if time.Since(began) >= roomWait {
			return bounds.noRoom(p.length)
		}
	}
}

// takeRoom takes the room of an item, if it is its turn and its stream goes on.
func (r *Receiver) takeRoom(await *chunks.Await, whole bool) (taken bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.whyCut(); err != nil {
		return false, err
	}
	if r.closed || r.ended && !whole {
		return false, cmp.Or(r.err, canceled)
	}
	r.room = await.Take()
	r.roomy = r.room != nil
	return r.roomy, nil
}

// leaveRoom gives back the room of the item that was read last.
func (r *Receiver) leaveRoom() {
	r.mu.Lock()
	r.room.Leave()
	r.room, r.roomy = nil, false
	r.mu.Unlock()
}

// watch ends the stream if too little comes of an item that is being put together, until stop is called.
func (r *Receiver) watch() (stop func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen, over := r.seen.Bytes, false
	var timer *time.Timer
	timer = time.AfterFunc(chunks.Stall, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case over || r.begun == 0:
		case r.seen.Bytes-seen < chunks.Headway:
			r.endLocked(helium.ErrStreamGap.WithMessage("hardly anything of item %d of the stream, of %d bytes, has come for %v", r.seen.Items+1, r.length, chunks.Stall))
		default:
			seen = r.seen.Bytes
			timer.Reset(chunks.Stall)
		}
	})
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		over = true
		timer.Stop()
	}
}

// next waits for items or parts of one, and returns those that have come.
func (r *Receiver) next() (chunk Chunk, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue.reuse(r.reading)
	r.reading = nil
	if !r.readyLocked() && !r.ended {
		r.may.window.waits(time.Now())
	}
	for !r.readyLocked() && !r.ended {
		r.came.Wait()
	}
	if r.queue.empty() && r.ended {
		return Chunk{}, r.err
	}
	chunk = r.queue.take()
	if !chunk.Owned && chunk.parts == nil {
		r.reading = chunk.Data
	}
	return chunk, nil
}

// Took takes in that an item of so many bytes was read, and gives the other end more credit where
// that is due.
func (r *Receiver) Took(size int) {
	r.used.Items++
	r.tookPart(uint64(size))
}

// tookPart takes in that so many bytes were read.
func (r *Receiver) tookPart(size uint64) {
	r.used.Bytes += size
	if r.may.due(r.used) {
		r.grant(r.giveMore())
	}
}

// Close gives back the credit. Who reads on all the same, as an iterator that was kept, is told that not all
// was read.
func (r *Receiver) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heardLocked()
	r.may.end()
	if !r.ended || len(r.queue.chunks) > 0 {
		r.err = canceled
	}
	r.cut.CompareAndSwap(nil, &canceled)
	r.room.Leave()
	r.closed, r.ended, r.queue, r.room = true, true, queue{}, nil
}

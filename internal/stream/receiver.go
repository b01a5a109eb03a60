package stream

import (
	"cmp"
	"context"
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

// Receiver is the end of a stream where items arrive. Open, Urge, Next, Took, Rest and Close are called by
// one goroutine at a time, the rest by any.
type Receiver struct {
	inflow
	grant func(wire.Credit) // tells the other end how much it may send in all

	// Of who takes the items:
	used    wire.Credit // since credit was given last
	reading []byte      // what is being read, to be used again; nil: nothing is
	roomy   bool        // there is room for what is being read
	urged   bool        // what is read next has to come without a stall

	room   *chunks.Room // guarded by mu; that of the item which is being put together or read; nil: it needs none
	wanted bool         // guarded by mu; who reads is to open it
	closed bool         // guarded by mu; nobody reads any more
}

// canceled is the error of who reads on when nobody does any more.
var canceled = error(context.Canceled)

// NewReceiver returns a receiver whose credit comes from a pool. Grant is called by who calls Took or Next.
func NewReceiver(pool *Pool, bounds func() Bounds, grant func(wire.Credit)) *Receiver {
	r := &Receiver{grant: grant}
	r.bounds, r.may.pool, r.came.L = bounds, pool, &r.mu
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

// Urge has the stream end if hardly anything of its next item comes for too long, from when Next is called for that.
func (r *Receiver) Urge() { r.urged = true }

// Invite has who reads open the receiver, and grant what that gives, before it waits for items.
func (r *Receiver) Invite() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted = true
	r.came.Signal()
}

// openLocked opens the receiver for an item to which it was invited.
func (r *Receiver) openLocked() {
	r.wanted = false
	r.mu.Unlock()
	defer r.mu.Lock()
	r.grant(r.Open())
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

// Next waits for items, and returns those that have come. Without any it returns why there are no
// more: nil if all have come.
func (r *Receiver) Next() (chunk Chunk, err error) {
	if r.roomy {
		r.leaveRoom()
	}
	stop := func() {}
	if r.urged {
		r.urged, stop = false, r.watch()
	}
	chunk, err = r.next()
	if stop(); chunk.parts != nil {
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
	await := chunks.AwaitRoom(bounds.Way, bounds.Of, p.length)
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
	if r.closed || r.ended && !whole && r.queue.empty() { // empty: the other parts haven't come, and won't
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

// watch ends the stream if too little comes of an item that is awaited or being put together, until stop is called.
func (r *Receiver) watch() (stop func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen, over := r.seen.Bytes, false
	var timer *time.Timer
	timer = time.AfterFunc(chunks.Stall, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case over || r.ended:
		case !r.readyLocked() && r.seen.Bytes-seen < chunks.Headway:
			r.endLocked(helium.ErrStreamGap.WithMessage("hardly anything of item %d of the stream has come for %v", r.seen.Items+1, chunks.Stall))
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
		if r.wanted {
			r.openLocked()
		} else {
			r.came.Wait()
		}
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

// Rest has nothing more taken in, and gives back the credit, but not the room of what was read last.
func (r *Receiver) Rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heardLocked()
	r.may.end()
	r.ended, r.queue = true, queue{}
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

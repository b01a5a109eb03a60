package stream

import (
	"math"
	"sync"

	"github.com/helium-rpc/helium/internal/wire"
)

// mostPending is how many bytes gather for the next frame before Send waits, where a message takes as many.
const mostPending = 32 << 10

// Sender is the end of a stream that items leave from. Send and Close are called by one goroutine
// at a time, the rest by any.
//
// An item that finds nothing under way leaves at once, by a goroutine that lives while there is
// something to send. What comes meanwhile leaves together.
type Sender struct {
	send     func(wire.Items)   // hands a frame over; called by one goroutine at a time, in order
	account  func(wire.Account) // hands over what has left so far, likewise
	partSize func() int         // how large parts are at most; nil: whatever has credit leaves, of any size
	leave    func(wire.Part)    // hands a part over, likewise
	runs     func()             // run
	looks    func()             // inLull

	mu      sync.Mutex
	moved   sync.Cond   // told when one of those below has changed that others wait for
	credit  wire.Credit // guarded by mu; in all
	limit   uint64      // guarded by mu; bytes that may have left in all with an item that is larger than what is left of the credit
	taken   wire.Credit // guarded by mu; that Send has used
	pending []byte      // guarded by mu; items that gather
	count   uint64      // guarded by mu; how many those are
	left    uint64      // guarded by mu; how many items have left
	part    uint64      // guarded by mu; how many bytes of the next one have
	waited  bool        // guarded by mu; of those that leave next there was no credit for some
	sending bool        // guarded by mu; a goroutine sends
	over    bool        // guarded by mu; nothing more is taken
	starved bool        // guarded by mu; Send waits for credit
	last    func()      // guarded by mu; says what comes behind all items; nil: nothing is to come
	lull    lull        // guarded by mu
}

// NewSender returns a sender that may send so much to begin with. Send gets the items that leave
// together; they are the sender's again when it returns. Account gets what has left so far, when nothing has for
// a while.
func NewSender(credit wire.Credit, send func(wire.Items), account func(wire.Account)) *Sender {
	s := &Sender{send: send, account: account, credit: credit, limit: limitOf(credit.Bytes, credit.Bytes)}
	s.runs, s.looks = s.run, s.inLull // once, and not for each item
	s.moved.L = &s.mu
	return s
}

// Divide has items leave in parts where they are so much larger than what is left of the credit that more would be
// under way than its reader counts on. It is called before the first of them. Leave sends a part, as that of SendParts.
func (s *Sender) Divide(size func() int, leave func(part wire.Part)) {
	s.partSize, s.leave = size, leave
}

// limitOf returns how many bytes may have left with an item that is larger than what is left of a credit, which
// has grown by so much: as many more. So an item that came late in one credit needs no parts, as long as credits are of
// that size, and what is under way of all streams is no more than twice what their readers' pool gives.
func limitOf(credit, growth uint64) uint64 {
	if credit+growth < credit {
		return math.MaxUint64
	}
	return credit + growth
}

// Send takes an item, once there is credit for it. Whole is up to how many bytes leave in one message. It returns false
// if the stream is over.
func (s *Sender) Send(item []byte, whole int) bool {
	s.mu.Lock()
	took, ok := s.takeLocked(len(item), len(item), 1, func() bool { return s.count == 0 || len(s.pending)+len(item) <= min(mostPending, whole) })
	if !ok || took < len(item) {
		defer s.mu.Unlock()
		return ok && s.sendPartsLocked(item, s.partSize(), s.leave)
	}
	s.pending = append(s.pending, item...)
	s.count++
	begin := !s.sending
	s.sending = true
	s.mu.Unlock()
	if begin {
		go s.runs()
	}
	return true
}

// Large is from which size on, in bytes, an item leaves by SendLarge.
const Large = 16 << 10

// SendLarge is Send for an item that leaves alone, and by this goroutine: once there is credit for it and all before it
// have left, leave sends it, which is given all of it but its data.
func (s *Sender) SendLarge(item []byte, leave func(one wire.Items)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	took, ok := s.takeLocked(len(item), len(item), 1, s.isIdleLocked)
	if !ok || took < len(item) {
		return ok && s.sendPartsLocked(item, s.partSize(), s.leave)
	}
	one := s.nextLocked(1)
	s.awayLocked(func() { leave(one) })
	return true
}

// SendParts is SendLarge for an item that leaves in parts of so many bytes at most, each once there is credit
// for it. Leave sends one, whose data it doesn't keep.
func (s *Sender) SendParts(item []byte, most int, leave func(part wire.Part)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sendPartsLocked(item, most, leave)
}

func (s *Sender) sendPartsLocked(item []byte, most int, leave func(part wire.Part)) bool {
	n := (len(item) + most - 1) / most
	most = (len(item) + n - 1) / n // the last one isn't much smaller than the others
	items := uint64(1)
	for at := 0; at < len(item); {
		took, ok := s.takeLocked(1, min(most, len(item)-at), items, s.isIdleLocked)
		if !ok {
			return false
		}
		part := wire.Part{Before: s.left, Length: uint64(len(item)), Offset: uint64(at), Data: item[at : at+took], Waited: s.waited}
		s.waited, items = false, 0
		s.lullLocked()
		s.awayLocked(func() { leave(part) })
		s.part += uint64(took)
		at += took
	}
	s.left, s.part = s.left+1, 0
	return true
}

func (s *Sender) isIdleLocked() bool { return !s.sending }

// awayLocked sends something by this goroutine.
func (s *Sender) awayLocked(leave func()) {
	s.sending = true
	s.mu.Unlock()
	leave()
	s.mu.Lock()
	s.sending = false
	s.moved.Broadcast()
}

// takeLocked takes credit for an item, or a part of one, of so many bytes once there is some, and room. It takes less,
// but least, where not so much may leave, and nothing where less than that may. It returns false if the stream is over.
func (s *Sender) takeLocked(least, size int, items uint64, room func() bool) (took int, ok bool) {
	waited := false
	for !s.over {
		if s.starved = s.taken.Bytes >= s.credit.Bytes || items > 0 && s.taken.Items >= s.credit.Items; s.starved {
			if !waited {
				s.lullLocked()
			}
			waited = true
		} else if took = s.mayLeaveLocked(size); took < least {
			return 0, true
		} else if room() {
			s.waited = s.waited || waited
			s.taken.Bytes += uint64(took)
			s.taken.Items += items
			return took, true
		}
		s.moved.Wait()
	}
	return 0, false
}

// mayLeaveLocked returns how many of so many bytes may leave at once.
func (s *Sender) mayLeaveLocked(size int) int {
	if s.partSize == nil {
		return size
	}
	return int(min(uint64(size), s.limit-s.taken.Bytes))
}

// nextLocked returns the items that leave next, but for their data.
func (s *Sender) nextLocked(count uint64) wire.Items {
	items := wire.Items{Before: s.left, Count: count, Waited: s.waited}
	s.left += count
	s.waited = false
	s.lullLocked()
	return items
}

// run sends what has gathered until there is nothing more.
func (s *Sender) run() {
	var spare []byte
	s.mu.Lock()
	for s.count > 0 {
		items := s.nextLocked(s.count)
		items.Data = s.pending
		s.pending, s.count = spare[:0], 0
		s.moved.Broadcast()
		s.mu.Unlock()
		s.send(items)
		spare = items.Data
		if cap(spare) > 2*mostPending {
			spare = nil // a large item's
		}
		s.mu.Lock()
	}
	if cap(s.pending) == 0 {
		s.pending = spare[:0]
	}
	s.sending = false
	s.moved.Broadcast()
	s.mu.Unlock()
}

// Grant takes in how much may be sent in all.
func (s *Sender) Grant(credit wire.Credit) {
	s.mu.Lock()
	if before := max(s.credit.Bytes, s.taken.Bytes); credit.Bytes > before { // what left beyond the one before is paid first
		s.limit = limitOf(credit.Bytes, credit.Bytes-before)
	} else if credit.Bytes > s.credit.Bytes {
		s.limit = s.taken.Bytes
	}
	s.credit.Bytes = max(s.credit.Bytes, credit.Bytes)
	s.credit.Items = max(s.credit.Items, credit.Items)
	s.moved.Broadcast()
	s.mu.Unlock()
}

// Stop has nothing more sent: Send returns false from now on, and what gathers is dropped.
func (s *Sender) Stop() {
	s.mu.Lock()
	s.over = true
	s.pending, s.count = nil, 0
	s.lull.end()
	s.moved.Broadcast()
	s.mu.Unlock()
}

// Close takes nothing more, and returns how many items have left once all have that were taken.
func (s *Sender) Close() (items uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.moved.Broadcast()
	for s.sending {
		s.moved.Wait()
	}
	s.lull.pause()
	return s.left
}

// Conclude says what comes behind all items, once the sender is closed. It is said again, ever less often, until
// Stop: nobody might hear of its loss.
func (s *Sender) Conclude(last func()) {
	last()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = last
	s.lull.begin(s.looks)
}

// lullLocked has the other end told what has left when nothing has for a while, or there was no credit.
func (s *Sender) lullLocked() {
	if !s.over {
		s.lull.begin(s.looks)
	}
}

// inLull tells the other end what has left, unless more has since it was called before.
func (s *Sender) inLull() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch account := (wire.Account{Items: s.left, Part: s.part, Credit: s.credit}); {
	case s.last != nil:
		last := s.last
		s.mu.Unlock()
		last()
		s.mu.Lock()
		s.lull.goOn(true)
	case s.over:
		s.lull.pause()
	case s.sending || s.lull.moved(account):
		s.lull.beginAnew()
	default:
		s.sending = true
		s.mu.Unlock()
		s.account(account)
		s.run() // what has come meanwhile
		s.mu.Lock()
		s.lull.goOn(s.starved)
	}
}

package link

import (
	"cmp"
	"sync"
	"sync/atomic"

	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// maxLateCancels is how many are kept; of more, the oldest are dropped. Each waits for a second at most
	// where its call runs, for the first heartbeat that names that.
	maxLateCancels = 16_000
	// maxForsaken is how many are kept of forsaken calls: streams, and those in chunks.
	maxForsaken = 16_000
)

// CancelOf returns a message that tells that nobody waits for a call any more, as it was given up or as its time
// is over.
func CancelOf(seq uint64, timeOver bool) []byte {
	f := wire.Frame{Kind: wire.KindCancel, Seq: seq}
	if timeOver {
		f.Time = wire.TimeOver
	}
	return wire.AppendFrame(wire.AppendMessageHeader(nil), &f)
}

// lateCancels are those of calls that were given up before anybody knew which of many instances
// has them, and those of streams and of calls in chunks, which may have got lost. They are sent when an
// instance says that it has the call.
type lateCancels struct {
	most  int          // how many of the latest are kept; 0: maxLateCancels
	count atomic.Int64 // of those kept

	mu     sync.Mutex
	kept   map[uint64]lateCancel // guarded by mu; by the call's number
	latest []uint64              // guarded by mu; the numbers, each at its place, kept or sent by now
	next   int                   // guarded by mu; the place of the oldest, once there are so many
}

type lateCancel struct {
	send  func(instance string)
	place int // in latest
}

// keep keeps the cancel of a call.
func (l *lateCancels) keep(seq uint64, cancel func(instance string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept == nil {
		l.kept = make(map[uint64]lateCancel)
	}
	place := len(l.latest)
	if most := cmp.Or(l.most, maxLateCancels); place < most {
		l.latest = append(l.latest, seq)
	} else {
		place = l.next
		l.next = (place + 1) % most
		if oldest := l.latest[place]; l.kept[oldest].place == place { // or it was kept again since
			delete(l.kept, oldest)
		}
		l.latest[place] = seq
	}
	l.kept[seq] = lateCancel{cancel, place}
	l.count.Store(int64(len(l.kept)))
}

// found sends a call's cancel, if one is kept, to the instance that has the call.
func (l *lateCancels) found(seq uint64, instance []byte) {
	if l.count.Load() == 0 {
		return
	}
	name := string(instance)
	if wire.CheckName("instance", name) != nil {
		return // it becomes part of a subject
	}
	l.mu.Lock()
	cancel := l.kept[seq].send
	delete(l.kept, seq)
	l.count.Store(int64(len(l.kept)))
	l.mu.Unlock()
	if cancel != nil {
		cancel(name)
	}
}

package link

import (
	"sync/atomic"
	"time"
)

// addressing is what is known of messages to single instances of a service that go to an endpoint which
// leaves open to which. NATS has to permit them, and to say at once when nobody listens where they go: it
// doesn't where an import or a JetStream stream is in between, and calls to an instance that has just been
// killed would wait in vain there. As permission does it counts connections.
type addressing struct {
	asked atomic.Uint64 // the epoch in which that was asked last
	works atomic.Uint64 // the epoch in which it was found to be so
}

// begins reports whether it is to be asked in an epoch, which is up to who gets true.
func (a *addressing) begins(epoch uint64) bool {
	asked := a.asked.Load()
	return asked != epoch && a.asked.CompareAndSwap(asked, epoch)
}

// deny takes note that NATS refuses messages to some instance, though it permitted them before.
func (a *addressing) deny() { a.works.Store(0) }

// desertedFor is for how long nothing is addressed to an instance after nobody listened there. It may be
// gone and still be in the registry, or be heard by the queue group only.
const desertedFor = 30 * time.Second

// desertion is when nobody was found to listen on an instance's subjects.
type desertion struct {
	at atomic.Int64 // since clockBase; 0: never
}

func (d *desertion) note() { d.at.Store(int64(time.Since(clockBase))) }

// lasts reports whether that was lately.
func (d *desertion) lasts() bool {
	at := d.at.Load()
	return at != 0 && time.Since(clockBase) < time.Duration(at)+desertedFor
}

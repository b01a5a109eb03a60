package link

import "sync/atomic"

// permission is what is known of whether NATS takes messages on a subject. Permissions may
// differ after each connect, so it is kept by the epoch in which it was learnt: which
// connection to a server that was, counted from 1.
type permission struct {
	permitted atomic.Uint64 // the epoch in which an instance last got such a message, or NATS took one for certain
	denied    atomic.Uint64 // the epoch in which NATS last refused one
}

// revoke takes note that messages are refused which were permitted in an epoch.
func (p *permission) revoke(epoch uint64) { p.permitted.CompareAndSwap(epoch, 0) }

// permit takes note that a message got through. It writes only what is new, as it runs for
// every call.
func (p *permission) permit(epoch uint64) {
	if p.permitted.Load() != epoch {
		p.permitted.Store(epoch)
	}
}

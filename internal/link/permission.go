package link

import "sync/atomic"

// permission is what is known of whether NATS takes messages on a subject. Permissions may
// differ after each connect, so it is kept by the epoch in which it was learnt: which
// connection to a server that was, counted from 1.
type permission struct {
	proven atomic.Uint64 // the epoch in which such a message was last answered
	denied atomic.Uint64 // the epoch in which NATS last refused one
}

// prove takes note that a message was answered. It writes only what is new, as it runs for
// every call.
func (p *permission) prove(epoch uint64) {
	if p.proven.Load() != epoch {
		p.proven.Store(epoch)
	}
}

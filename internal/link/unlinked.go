package link

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// tryTime bounds the wait for NATS to say that nobody listens. It takes a round trip.
const tryTime = 2 * time.Second

// unlinked finds out which messages may be addressed to instances that no link leads to: it sends one to an
// instance that nobody has, and NATS has to say so.
//
//	an empty message to helium.at.math.<a name just made up>.add ─┬▶ 503: addressing works
//	                                                              ├▶ a permission violation: not by this connection
//	                                                              └▶ nothing, or an acknowledgement: not as it is now
type unlinked struct {
	life    context.Context // ends with close
	end     context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool // guarded by mu
}

func newUnlinked() *unlinked {
	u := new(unlinked)
	u.life, u.end = context.WithCancel(context.Background())
	return u
}

// try finds out whether messages to an endpoint may be addressed, of one method or "" of several, unless
// that is known of this connection. It doesn't wait.
func (u *unlinked) try(b *bus, a *addressing, service, method string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	epoch := b.epoch.Load()
	if u.closed || !a.begins(epoch) {
		return
	}
	nobody := wire.NewInstance()
	subject := b.subjects.ServiceAt(service, nobody)
	if method != "" {
		subject = b.subjects.MethodAt(service, nobody, method)
	}
	u.running.Go(func() {
		ctx, cancel := context.WithTimeout(u.life, tryTime)
		defer cancel()
		switch _, e := b.question(ctx, subject, wire.AppendNothing(wire.AppendMessageHeader(nil))); {
		case e == ErrNobody:
			a.works.Store(epoch)
		case !errors.Is(e, helium.ErrNotPermitted):
			a.asked.CompareAndSwap(epoch, 0) // again, once the routes change
		}
	})
}

// close returns when nothing is found out any more.
func (u *unlinked) close() {
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	u.end()
	u.running.Wait()
}

package binder

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// attemptTimeout is how long the answer to one ask is waited for. It is longer than a binder
// waits for its store.
const attemptTimeout = 4 * time.Second

// An asker sends requests to the binders, each to one of them, whichever NATS picks.
type asker struct {
	nc      *nats.Conn
	timeout time.Duration // attemptTimeout, but for tests
	denials denials
}

// ask sends a request once and waits for its answer. lost says that the connection went
// meanwhile: no answer can come any more.
//
// The answer comes to an inbox of the ask's own: to the one that nats.go keeps for all
// requests of a connection, NATS would refuse to listen only once, and all later requests
// would wait in vain.
func (a *asker) ask(ctx context.Context, r request) (m *nats.Msg, lost bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	inbox := wire.NewInbox(a.nc.Opts.InboxPrefix)
	ctx, stop := a.denials.until(ctx, a.nc, r.subject, inbox)
	defer func() { stop(err == nil) }()
	gone := a.nc.StatusChanged(nats.RECONNECTING, nats.DISCONNECTED, nats.CLOSED)
	watched := make(chan bool, 1)
	go func() {
		_, told := <-gone // closed below, or by then told
		watched <- told
		cancel()
	}()
	m, err = a.exchange(ctx, r.message(inbox))
	a.nc.RemoveStatusListener(gone)
	lost = <-watched && err != nil
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, helium.ErrRegistryNotPermitted) {
		return nil, lost, cause
	}
	return m, lost, err
}

func (a *asker) exchange(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	sub, err := a.nc.SubscribeSync(m.Reply)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only if the connection is closed
	if err := a.nc.PublishMsg(m); err != nil {
		return nil, err
	}
	return sub.NextMsgWithContext(ctx)
}

package binder

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// writesAtOnce bounds registrations, renewals and ends under way, each of the three
	// alone. More wait in their subscription.
	writesAtOnce = 256
	// listsAtOnce bounds pages being put together.
	listsAtOnce = 4
	// asksAtOnce bounds lookups that wait for the store. They share questions, so they
	// are cheap; more are refused, for waiting here would hold up those that needn't.
	asksAtOnce = 4096
)

// A desk is where requests come in.
//
//	subscription, one goroutine each (nats.go)
//	  register, renew, end: a free place, then a goroutine → write.go
//	  list:                 a free place, then a goroutine → read.go
//	  lookup:               at once from the catalog       → read.go
//	                        or, if it isn't there, a goroutine that asks the store
//	answer
type desk struct {
	ctx    context.Context // the binder's
	binder *Binder

	subs []*nats.Subscription
	// open requests on their own goroutines.
	requests sync.WaitGroup
	asks     chan struct{}
	misused  sync.Once // logged
}

func newDesk(ctx context.Context, b *Binder) *desk {
	return &desk{ctx: ctx, binder: b, asks: make(chan struct{}, asksAtOnce)}
}

// open subscribes; it returns once the server knows.
func (d *desk) open(ctx context.Context) error {
	s := d.binder.subjects
	under := strings.TrimSuffix(s.List(), "list")
	ours := func(subject string) bool { return strings.HasPrefix(subject, under) }
	refusal, err := natsperm.Confirm(ctx, d.binder.nc, ours, d.subscribe)
	switch {
	case errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded):
		return fmt.Errorf("the NATS server takes no more subscriptions of this connection; raise max_subscriptions, or the user's limit: %w", refusal)
	case refusal != nil:
		return fmt.Errorf("this user must be allowed to subscribe to %s>: %w", under, refusal)
	}
	return err
}

func (d *desk) subscribe() error {
	s := d.binder.subjects
	for _, each := range []struct {
		subject string
		handle  nats.MsgHandler
	}{
		{s.Register("*"), d.serve(writesAtOnce, s.Register(""), d.binder.register)},
		{s.Renew("*"), d.serve(writesAtOnce, s.Renew(""), d.binder.renew)},
		{s.End("*"), d.serve(writesAtOnce, s.End(""), d.binder.end)},
		{s.List(), d.serve(listsAtOnce, s.List(), d.binder.list)},
		{s.Lookup(">"), d.lookup},
	} {
		sub, err := d.binder.nc.QueueSubscribe(each.subject, wire.QueueGroup, each.handle)
		if err != nil {
			return err
		}
		d.subs = append(d.subs, sub)
	}
	return nil
}

// mayAnswer reports whether a request is answered at all. One that nobody waits for is
// no request, and one that wants its answer elsewhere than in an inbox would make the
// binder publish what its sender may not.
func (d *desk) mayAnswer(m *nats.Msg) bool {
	if m.Reply != "" && !wire.AllowedReply(m.Reply) {
		d.misused.Do(func() {
			d.binder.config.Logger.Warn("a request wanted its answer on a subject that is no inbox; requests like it are dropped", "subject", m.Subject, "reply", m.Reply)
		})
	}
	return wire.AllowedReply(m.Reply)
}

// close takes no more requests and waits for those that came.
func (d *desk) close(ctx context.Context) {
	var drained sync.WaitGroup
	for _, sub := range d.subs {
		if !d.binder.nc.IsConnected() {
			_ = sub.Unsubscribe() // nothing can come; a drain would wait for the server
			continue
		}
		drained.Add(1)
		sub.SetClosedHandler(func(string) { drained.Done() })
		if err := sub.Drain(); err != nil {
			drained.Done()
		}
	}
	done := make(chan struct{})
	d.binder.running.Go(func() {
		defer close(done)
		drained.Wait()
		d.requests.Wait()
	})
	select {
	case <-done:
	case <-ctx.Done():
		for _, sub := range d.subs {
			_ = sub.Unsubscribe() // ends a drain that the server doesn't answer
		}
	}
}

// serve returns a subscription's handler that runs requests on goroutines of their
// own, so many at once; then it waits, and the rest stays in the subscription. handle
// gets what follows prefix in the subject.
func (d *desk) serve(atOnce int, prefix string, handle func(ctx context.Context, name string, body []byte) ([]byte, error)) nats.MsgHandler {
	places := make(chan struct{}, atOnce)
	return func(m *nats.Msg) {
		if !d.mayAnswer(m) {
			return
		}
		select {
		case places <- struct{}{}:
		case <-d.ctx.Done():
			return
		}
		d.requests.Go(func() {
			defer func() { <-places }()
			d.answer(m, func() ([]byte, error) {
				return handle(d.ctx, strings.TrimPrefix(m.Subject, prefix), m.Data)
			})
		})
	}
}

// lookup answers from the catalog, on the subscription's goroutine. Only a name that
// isn't there gets a goroutine, to ask the store.
func (d *desk) lookup(m *nats.Msg) {
	if !d.mayAnswer(m) {
		return
	}
	name := strings.TrimPrefix(m.Subject, d.binder.subjects.Lookup(""))
	d.answer(m, func() ([]byte, error) {
		reply, err := d.binder.lookup(name, m.Data)
		if reply != nil || err != nil {
			return reply, err
		}
		select {
		case d.asks <- struct{}{}:
		default:
			return nil, helium.ErrBinderBusy
		}
		d.requests.Go(func() {
			defer func() { <-d.asks }()
			d.answer(m, func() ([]byte, error) { return d.binder.lookupFresh(d.ctx, name, m.Data) })
		})
		return nil, nil
	})
}

// answer runs a request and publishes what comes of it; nothing means that somebody
// else will. A panic is this request's error and nobody else's.
func (d *desk) answer(m *nats.Msg, handle func() ([]byte, error)) {
	reply, err := d.guard(m.Subject, handle)
	answer := &nats.Msg{Subject: m.Reply, Data: reply}
	switch {
	case err != nil:
		answer = failureMessage(m.Reply, helium.AsError(err))
	case reply == nil:
		return
	}
	d.binder.refusals.lately.Add(m.Reply)
	if err := d.binder.nc.PublishMsg(answer); errors.Is(err, nats.ErrMaxPayload) {
		tooLong := helium.Errorf(helium.CodeResourceExhausted, "the answer is longer than a message may be (max_payload); register smaller records")
		_ = d.binder.nc.PublishMsg(failureMessage(m.Reply, tooLong))
	}
	// Any other error means that the connection is gone, and with it the caller's inbox.
}

func (d *desk) guard(subject string, handle func() ([]byte, error)) (reply []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			d.binder.config.Logger.Error("a request made the binder panic", "subject", subject, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			reply, err = nil, helium.Errorf(helium.CodeInternal, "the binder failed at this request; its log says where")
		}
	}()
	return handle()
}

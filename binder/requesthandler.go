package binder

import (
	"context"
	"errors"
	"fmt"
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

// A requestHandler is where requests come in.
//
//	subscription, one goroutine each (nats.go)
//	  register, renew, end: a free place, then a goroutine → writer
//	  list:                 a free place, then a goroutine → reader
//	  lookup:               at once from the catalog       → reader
//	                        or, if it isn't there, a goroutine that asks the store
//	responder
type requestHandler struct {
	ctx      context.Context // the binder's
	nc       *nats.Conn
	subjects wire.Subjects
	reads    *reader
	writes   *writer
	answers  *responder
	running  *sync.WaitGroup // the binder's goroutines

	subs []*nats.Subscription
	// open requests on their own goroutines.
	requests sync.WaitGroup
	asks     chan struct{}
}

func newRequestHandler(ctx context.Context, nc *nats.Conn, subjects wire.Subjects, reads *reader, writes *writer, answers *responder, running *sync.WaitGroup) *requestHandler {
	return &requestHandler{
		ctx: ctx, nc: nc, subjects: subjects, reads: reads, writes: writes, answers: answers, running: running,
		asks: make(chan struct{}, asksAtOnce),
	}
}

// open subscribes; it returns once the server knows.
func (h *requestHandler) open(ctx context.Context) error {
	under := strings.TrimSuffix(h.subjects.Registry(), ">")
	ours := func(subject string) bool { return strings.HasPrefix(subject, under) }
	refusal, err := natsperm.Confirm(ctx, h.nc, ours, h.subscribe)
	switch {
	case errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded):
		return fmt.Errorf("the NATS server takes no more subscriptions of this connection; raise max_subscriptions, or the user's limit: %w", refusal)
	case refusal != nil:
		return fmt.Errorf("this user must be allowed to subscribe to %s>: %w", under, refusal)
	}
	return err
}

func (h *requestHandler) subscribe() error {
	s := h.subjects
	for _, each := range []struct {
		subject string
		handle  nats.MsgHandler
	}{
		{s.Register("*"), h.serve(writesAtOnce, s.Register(""), h.writes.register)},
		{s.Renew("*"), h.serve(writesAtOnce, s.Renew(""), h.writes.renew)},
		{s.End("*"), h.serve(writesAtOnce, s.End(""), h.writes.end)},
		{s.List(), h.serve(listsAtOnce, s.List(), h.reads.list)},
		{s.Lookup(">"), h.lookup},
	} {
		sub, err := h.nc.QueueSubscribe(each.subject, wire.QueueGroup, each.handle)
		if err != nil {
			return err
		}
		h.subs = append(h.subs, sub)
	}
	return nil
}

// close takes no more requests and waits for those that came.
func (h *requestHandler) close(ctx context.Context) {
	var drained sync.WaitGroup
	var giveUp []func()
	for _, sub := range h.subs {
		if !h.nc.IsConnected() {
			_ = sub.Unsubscribe() // nothing can come; a drain would wait for the server
			continue
		}
		drained.Add(1)
		gone := sync.OnceFunc(drained.Done)
		giveUp = append(giveUp, func() { _ = sub.Unsubscribe(); gone() })
		sub.SetClosedHandler(func(string) { gone() })
		// A connection that drains may have closed it before it had the handler.
		if err := sub.Drain(); err != nil || !sub.IsValid() {
			gone()
		}
	}
	done := make(chan struct{})
	h.running.Go(func() {
		defer close(done)
		drained.Wait()
		h.requests.Wait()
	})
	select {
	case <-done:
	case <-ctx.Done():
		for _, each := range giveUp { // such as drains that the server doesn't answer
			each()
		}
	}
}

// serve returns a subscription's handler that runs requests on goroutines of their
// own, so many at once; then it waits, and the rest stays in the subscription. handle
// gets what follows prefix in the subject, and the request.
func (h *requestHandler) serve(atOnce int, prefix string, handle func(ctx context.Context, name string, m *nats.Msg) ([]byte, error)) nats.MsgHandler {
	places := make(chan struct{}, atOnce)
	return func(m *nats.Msg) {
		if !h.answers.mayAnswer(m) {
			return
		}
		select {
		case places <- struct{}{}:
		case <-h.ctx.Done():
			return
		}
		h.requests.Go(func() {
			defer func() { <-places }()
			h.answers.answer(m, func() ([]byte, error) {
				return handle(h.ctx, strings.TrimPrefix(m.Subject, prefix), m)
			})
		})
	}
}

// lookup answers from the catalog, on the subscription's goroutine. Only a name that
// isn't there gets a goroutine, to ask the store.
func (h *requestHandler) lookup(m *nats.Msg) {
	if !h.answers.mayAnswer(m) {
		return
	}
	name := strings.TrimPrefix(m.Subject, h.subjects.Lookup(""))
	h.answers.answer(m, func() ([]byte, error) {
		reply, err := h.reads.lookup(name, m.Data)
		if reply != nil || err != nil {
			return reply, err
		}
		select {
		case h.asks <- struct{}{}:
		default:
			return nil, helium.ErrBinderBusy
		}
		h.requests.Go(func() {
			defer func() { <-h.asks }()
			h.answers.answer(m, func() ([]byte, error) { return h.reads.lookupFresh(h.ctx, name, m.Data) })
		})
		return nil, nil
	})
}

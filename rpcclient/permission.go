package rpcclient

import (
	"errors"
	"reflect"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

// NATS tells of a publish that isn't permitted by a message that names the subject, and
// nats.go hands that to the connection's error handler alone:
//
//	call ─▶ outbox ─▶ NATS ─▶ -ERR 'Permissions Violation for Publish to "helium.call.math.add"'
//	  ▲                                     │
//	  └── denied: fail, or another subject ◀┴─ handler ─▶ the handler that was there before

// watchPermissions steps in front of the connection's error handler.
func (c *core) watchPermissions() {
	h := &errorHook{previous: c.nc.ErrorHandler(), core: c}
	c.nc.SetErrorHandler(h.handle)
	c.onClose(func() { h.leave(c.nc) })
}

// errorHook is a client's link in the chain of a connection's error handlers.
type errorHook struct {
	previous nats.ErrHandler

	mu   sync.Mutex
	core *core // guarded by mu; nil once the client is closed
}

func (h *errorHook) handle(nc *nats.Conn, sub *nats.Subscription, err error) {
	if top, ok := err.(*whoIsThere); ok {
		top.hook = h
		return
	}
	h.mu.Lock()
	c := h.core
	h.mu.Unlock()
	if c != nil && errors.Is(err, nats.ErrPermissionViolation) {
		c.refused(err)
	}
	if h.previous != nil {
		h.previous(nc, sub, err)
	}
}

// whoIsThere asks a handler, known to be that of some errorHook, of which one.
type whoIsThere struct{ hook *errorHook }

func (*whoIsThere) Error() string { return "a question to an error handler of this package" }

// hooks is held while closed clients take their links off a chain.
var hooks sync.Mutex

// leave takes the client out of the chain: its link, and those of other closed clients
// below, as far as no open client's or a stranger's lies above; that one's Close does
// the rest. What stays until then holds no client.
func (h *errorHook) leave(nc *nats.Conn) {
	h.mu.Lock()
	h.core = nil
	h.mu.Unlock()
	hooks.Lock()
	defer hooks.Unlock()
	for top := topHook(nc); top != nil; top = topHook(nc) {
		top.mu.Lock()
		inUse := top.core != nil
		top.mu.Unlock()
		if inUse {
			return
		}
		nc.SetErrorHandler(top.previous)
	}
}

// topHook returns the errorHook that the connection's error handler belongs to, if any.
func topHook(nc *nats.Conn) *errorHook {
	handler := nc.ErrorHandler()
	// Functions can't be compared, but methods of one type share their code.
	if handler == nil || reflect.ValueOf(handler).Pointer() != reflect.ValueOf((&errorHook{}).handle).Pointer() {
		return nil
	}
	var question whoIsThere
	handler(nc, nil, &question)
	return question.hook
}

// refused handles a refusal by the NATS server.
func (c *core) refused(violation error) {
	subject, ok := deniedSubject(violation.Error())
	if !ok {
		return
	}
	c.refuseQuestions(subject)
	for _, call := range c.inflight.takeIf(func(call *Invocation) bool { return call.mayHaveLeftOn(subject) }) {
		call.finish(nil, call.denied(subject))
	}
}

// deniedSubject reads the subject out of NATS's words, which quote it:
// Permissions Violation for Publish to "helium.call.math.add".
func deniedSubject(violation string) (subject string, ok bool) {
	if _, violation, ok = strings.Cut(violation, `Violation for Publish to "`); !ok {
		return "", false
	}
	subject, _, ok = strings.Cut(violation, `"`)
	return subject, ok
}

// deniedInbox reports whether NATS refused the subscription to a client's inbox.
func deniedInbox(violation error, inbox string) bool {
	return strings.Contains(violation.Error(), `Violation for Subscription to "`+inbox)
}

// mayHaveLeftOn reports whether the call left on that subject, as far as is known.
func (call *Invocation) mayHaveLeftOn(subject string) bool {
	m := call.method
	how := m.client.sent.how(call.message.Load())
	switch subject {
	case m.destination.shared:
		return how == together || how == longAgo
	case m.path.Load().subject:
		return how == alone || how == longAgo
	}
	return false
}

// errOtherSubject is the error of an attempt on the subject that all methods share,
// which this connection may not use: each method has one of its own.
var errOtherSubject = ErrNotSent.WithMessage("this connection's user may not send calls of several methods at once").WithOutcome(helium.NotExecuted)

// denied returns the error of a call that the NATS server didn't take. It is certain
// that it didn't run, unless calls on that subject were answered before: then
// permissions were changed meanwhile, and this one may have been taken too.
func (call *Invocation) denied(subject string) *helium.Error {
	m := call.method
	d, p, epoch := m.destination, m.path.Load(), m.client.epoch.Load()
	proven, how := p.proven.Load(), m.client.sent.how(call.message.Load())
	if subject == d.shared {
		d.sharedDenied.Store(epoch)
		proven = d.sharedProven.Load()
	}
	outcome := helium.NotExecuted
	if proven == epoch || how == longAgo {
		outcome = helium.Unknown
	}
	if subject == d.shared && outcome == helium.NotExecuted {
		return errOtherSubject
	}
	return ErrNotPermitted.WithMessage("this connection's user may not publish to %q; allow it to, or connect as another user", subject).WithOutcome(outcome)
}

// proven takes note that a call was answered, so the subject that it left on is permitted.
func (call *Invocation) proven() {
	m := call.method
	epoch := m.client.epoch.Load()
	switch m.client.sent.how(call.message.Load()) {
	case together:
		if m.destination.sharedProven.Load() != epoch {
			m.destination.sharedProven.Store(epoch)
		}
	case alone:
		if p := m.path.Load(); p.proven.Load() != epoch {
			p.proven.Store(epoch)
		}
	}
}

package binder

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
)

// A responder sends answers to requests.
//
// A binder answers each request with one message, so a user with allow_responses may be
// one. A user who may not even do that is refused by NATS long after the answer was
// published, and whoever asked waits in vain: the log says once what to set.
type responder struct {
	nc  *nats.Conn
	log *slog.Logger

	answered *natsperm.Lately // reply subjects
	refusals *natsperm.Watch

	misused, refused sync.Once // logged
}

// newResponder returns one that listens for refused answers until close.
func newResponder(nc *nats.Conn, log *slog.Logger) *responder {
	r := &responder{nc: nc, log: log, answered: natsperm.NewLately()}
	r.refusals = natsperm.Listen(nc, func(refusal error) (own bool) {
		if subject, ok := natsperm.Publish(refusal); ok && r.answered.Has(subject) {
			r.refused.Do(func() {
				log.Warn("NATS refuses answers of this binder, and whoever asked waits in vain; allow its user to publish to \"_INBOX.>\", "+
					"or one answer to each request: allow_responses: true", "subject", subject)
			})
		}
		return false
	})
	return r
}

func (r *responder) close() { r.refusals.Stop() }

// mayAnswer reports whether a request is answered at all. One that nobody waits for is
// no request, and one that wants its answer elsewhere than in an inbox would make the
// binder publish what its sender may not.
func (r *responder) mayAnswer(m *nats.Msg) bool {
	if m.Reply != "" && !wire.AllowedReply(m.Reply) {
		r.misused.Do(func() {
			r.log.Warn("a request wanted its answer on a subject that is no inbox; requests like it are dropped", "subject", m.Subject, "reply", m.Reply)
		})
	}
	return wire.AllowedReply(m.Reply)
}

// answer runs a request and publishes what comes of it; nothing means that somebody
// else will. A panic is this request's error and nobody else's.
func (r *responder) answer(m *nats.Msg, handle func() ([]byte, error)) {
	reply, err := r.guard(m.Subject, handle)
	answer := &nats.Msg{Subject: m.Reply, Data: reply}
	switch {
	case err != nil:
		answer = failureMessage(m.Reply, helium.AsError(err))
	case reply == nil:
		return
	}
	r.answered.Add(m.Reply)
	if err := r.nc.PublishMsg(answer); errors.Is(err, nats.ErrMaxPayload) {
		tooLong := helium.Errorf(helium.CodeResourceExhausted, "the answer is longer than a message may be (max_payload); register smaller records")
		_ = r.nc.PublishMsg(failureMessage(m.Reply, tooLong))
	}
	// Any other error means that the connection is gone, and with it the caller's inbox.
}

func (r *responder) guard(subject string, handle func() ([]byte, error)) (reply []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("a request made the binder panic", "subject", subject, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			reply, err = nil, helium.Errorf(helium.CodeInternal, "the binder failed at this request; its log says where")
		}
	}()
	return handle()
}

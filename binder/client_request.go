package binder

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

const (
	// requestTimeout bounds a request whose context has no deadline.
	requestTimeout = 10 * time.Second
	// attemptTimeout bounds one attempt, so that a binder that is frozen or was killed
	// with the request in its hands costs a while and not the whole deadline: the next
	// attempt reaches another binder. It is longer than a binder waits for its store.
	attemptTimeout = 4 * time.Second
)

// A requester asks the binders, again where an attempt brings no answer.
type requester struct {
	nc      *nats.Conn
	attempt time.Duration // attemptTimeout, but for tests
}

// read is a request that changes nothing.
func (r *requester) read(ctx context.Context, subject string, body []byte, reply answer) error {
	if err := r.request(ctx, subject, body, reply); err != nil {
		return notExecuted(err)
	}
	return nil
}

// write is a request that changes the registry.
func (r *requester) write(ctx context.Context, subject string, body []byte, reply answer) error {
	err := r.request(ctx, subject, body, reply)
	if err == nil {
		return nil
	}
	e := helium.AsError(err)
	switch {
	case errors.Is(e, helium.ErrNoBinder), errors.Is(e, helium.ErrNotConnected), errors.Is(e, helium.ErrRegistryNotPermitted):
		return e // request knows whether an attempt was sent
	case errors.Is(e, helium.ErrNotBinder):
		return e.WithOutcome(helium.Unknown) // a binder may have had it as well
	case e.Code == helium.CodeUnavailable, e.Code == helium.CodeDeadlineExceeded, e.Code == helium.CodeCanceled,
		e.Code == helium.CodeInternal, e.Code == helium.CodeUnknown:
		return e.WithOutcome(helium.Unknown)
	}
	return e.WithOutcome(helium.NotExecuted)
}

// request sends a request and reads its answer. All requests of this package may be
// made twice, so one that gets no answer is, while there is time.
func (r *requester) request(ctx context.Context, subject string, body []byte, reply answer) error {
	if ctx == nil {
		return helium.ErrBadRequest.WithMessage("the context is nil; pass context.Background()").WithOutcome(helium.NotExecuted)
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	if limit := r.nc.MaxPayload(); limit > 0 && int64(len(body)) > limit {
		return helium.ErrRecordTooLarge.WithMessage("the record is %d bytes long; a message of this NATS server holds %d (max_payload)", len(body), limit)
	}
	outcome := helium.NotExecuted // until an attempt was sent and not answered
	began := time.Now()
	for {
		m, lost, err := r.send(ctx, subject, body)
		switch {
		case errors.Is(err, helium.ErrRegistryNotPermitted):
			return err
		case err == nil:
			if e := readAnswer(m, subject, reply); e != nil {
				return e
			}
			return nil
		case lost:
			return helium.ErrNotConnected.WithMessage("the connection to NATS was lost while the binder was asked; ask again once it is back").WithOutcome(helium.Unknown)
		case errors.Is(err, nats.ErrNoResponders):
			return helium.ErrNoBinder.WithMessage("no binder answers on %s; start one with binder.Start, as examples/binder does", subject).WithOutcome(outcome)
		case ctx.Err() != nil:
			return silence(ctx.Err(), subject, time.Since(began))
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
			outcome = helium.Unknown
		default:
			return helium.ErrNotConnected.WithMessage("not connected to NATS (%w); see that the broker runs and that its address is right", err).WithOutcome(outcome)
		}
	}
}

// silence is the error of a request that nobody answered until its time was over. That
// nobody listens NATS says at once, so somebody does.
func silence(over error, subject string, waited time.Duration) *helium.Error {
	const what = "the binder didn't answer on %s within %v, though somebody listens there: a binder that is frozen or busy, see its log, or another program on the binder's subjects: %w"
	waited = waited.Round(time.Millisecond)
	if errors.Is(over, context.Canceled) {
		return helium.Errorf(helium.CodeCanceled, what, subject, waited, over)
	}
	return helium.ErrNoBinderAnswer.WithMessage(what, subject, waited, over)
}

// send makes one attempt. lost says that the connection went meanwhile: no answer can
// come any more.
//
// The answer comes to an inbox of the attempt's own: to the one that nats.go keeps for all
// requests of a connection, NATS would refuse to listen only once, and all later requests
// would wait in vain.
func (r *requester) send(ctx context.Context, subject string, body []byte) (m *nats.Msg, lost bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.attempt)
	defer cancel()
	inbox := r.nc.NewInbox()
	ctx, refused := untilDenied(ctx, r.nc, subject, inbox)
	defer refused(nil)
	gone := r.nc.StatusChanged(nats.RECONNECTING, nats.DISCONNECTED, nats.CLOSED)
	watched := make(chan bool, 1)
	go func() {
		_, told := <-gone // closed below, or by then told
		watched <- told
		cancel()
	}()
	m, err = r.ask(ctx, subject, inbox, body)
	r.nc.RemoveStatusListener(gone)
	lost = <-watched && err != nil
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, helium.ErrRegistryNotPermitted) {
		return nil, lost, cause
	}
	return m, lost, err
}

func (r *requester) ask(ctx context.Context, subject, inbox string, body []byte) (*nats.Msg, error) {
	sub, err := r.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only if the connection is closed
	if err := r.nc.PublishRequest(subject, inbox, body); err != nil {
		return nil, err
	}
	return sub.NextMsgWithContext(ctx)
}

func notExecuted(err error) error { return helium.AsError(err).WithOutcome(helium.NotExecuted) }

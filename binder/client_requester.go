package binder

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

// requestTimeout bounds a request whose context has no deadline.
const requestTimeout = 10 * time.Second

// A requester makes requests. None outlasts its context, whatever the connection does.
type requester struct {
	asker         asker
	reads, writes reserve
}

// read makes a request that changes nothing.
func (r *requester) read(ctx context.Context, subject string, body []byte, into answer) error {
	if _, err := r.make(ctx, request{subject: subject, body: body}, &r.reads, into); err != nil {
		return notExecuted(err)
	}
	return nil
}

// write makes a request that changes the registry.
func (r *requester) write(ctx context.Context, what request, into answer) error {
	open, err := r.make(ctx, what, &r.writes, into)
	if err == nil {
		return nil
	}
	e := helium.AsError(err)
	switch {
	case open, errors.Is(e, helium.ErrNotBinder): // a binder may have had it as well
		return e.WithOutcome(helium.Unknown)
	case errors.Is(e, helium.ErrRegistryNotPermitted):
		return e // it knows what was refused
	case errors.Is(e, helium.ErrNoBinder), errors.Is(e, helium.ErrNotConnected):
		return e.WithOutcome(helium.NotExecuted)
	case e.Code == helium.CodeUnavailable, e.Code == helium.CodeDeadlineExceeded, e.Code == helium.CodeCanceled,
		e.Code == helium.CodeInternal, e.Code == helium.CodeUnknown:
		return e.WithOutcome(helium.Unknown)
	}
	return e.WithOutcome(helium.NotExecuted)
}

// make asks until an answer is there, and reads it. open says that a request which failed may
// still be carried out.
func (r *requester) make(ctx context.Context, what request, paid *reserve, into answer) (open bool, err error) {
	if ctx == nil {
		return false, helium.ErrBadRequest.WithMessage("the context is nil; pass context.Background()")
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	if limit := r.asker.nc.MaxPayload(); limit > 0 && int64(len(what.body)) > limit {
		return false, helium.ErrRecordTooLarge.WithMessage("the record is %d bytes long; a message of this NATS server holds %d (max_payload)", len(what.body), limit)
	}
	began := time.Now()
	repeats := repeater{
		ask:     func(ctx context.Context) (*nats.Msg, bool, error) { return r.asker.ask(ctx, what) },
		read:    func(m *nats.Msg) *helium.Error { return readAnswer(m, what.subject, into) },
		reserve: paid,
	}
	lost, open, err := repeats.run(ctx)
	if _, told := errors.AsType[*helium.Error](err); err == nil || told {
		return open, err
	}
	switch {
	case lost:
		return true, helium.ErrNotConnected.WithMessage("the connection to NATS was lost while the binder was asked; ask again once it is back")
	case errors.Is(err, nats.ErrNoResponders):
		return open, helium.ErrNoBinder.WithMessage("no binder answers on %s; start one with binder.Start, as examples/binder does", what.subject)
	case ctx.Err() != nil:
		return true, silence(ctx.Err(), what.subject, time.Since(began))
	}
	return open, helium.ErrNotConnected.WithMessage("not connected to NATS (%w); see that the broker runs and that its address is right", err)
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

func notExecuted(err error) error { return helium.AsError(err).WithOutcome(helium.NotExecuted) }

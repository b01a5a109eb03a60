package rpcclient

import (
	"context"
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient/internal/keys"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
)

// WithIdempotencyKey returns a context whose calls carry an idempotency key: of all calls of a
// method with that key, from whichever client, the instance that has them runs one. The others
// get what that one returned, its result or its error, for two minutes after it did; one that
// comes while it runs waits for it.
//
//	ctx = rpcclient.WithIdempotencyKey(ctx, order.ID)
//	receipt, err := shop.Pay(ctx, order) // may be called again with the same key
//
// So a call whose outcome is unknown can be made again, and Helium does that by itself as with
// idempotent methods, though at the same instance only. A key is for one thing that is to be
// done, such as one payment: another call of the method with the same key and other arguments
// is [helium.ErrIdempotencyKeyReused]. It is text of 1 to 256 bytes, and whoever may call the
// method and knows it gets the result, so it had better be one that can't be guessed.
//
// The key picks the instance, as [Keyed] does, unless Keyed or [Client.At] has picked one. What
// an instance keeps is gone with it. A call that may have run at one that is gone, or whose
// result was on its way from there, isn't made elsewhere: it stays unknown, and so do later ones
// of its key by this client, for two minutes past its deadline. Of what other clients had under
// way this one knows nothing: with an instance that goes, or that takes keys over as it comes,
// their calls may run once more.
//
// Instances of older versions take no such calls. Where there are no others, nothing is sent,
// and the error is [helium.ErrIdempotencyKeysUnsupported].
//
// The key travels in the metadata, as "helium-idempotency-key"; handlers don't see it there.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return helium.WithMetadata(ctx, helium.Metadata{wire.IdempotencyKey: key})
}

// identify takes in what the call sends with it and which instance that picks.
func (call *Invocation) identify(ctx context.Context, now time.Time) *helium.Error {
	call.sent, call.key = helium.SentMetadata(ctx), call.viewKey
	if len(call.sent) == 0 {
		return nil
	}
	key, ok := call.sent[wire.IdempotencyKey]
	if !ok {
		return nil
	}
	if err := wire.CheckIdempotencyKey(key); err != nil {
		return helium.ErrBadArgument.WithMessage("%w", err).WithOutcome(helium.NotExecuted)
	}
	m, own := call.method, *call.viewKey
	call.key, own.Once = &own, true
	if m.instance != "" {
		return nil
	}
	if !own.Given {
		own.Pick(key)
	}
	if call.key.Only = m.core.unsettled.At(call.id(), now); call.key.Only != "" {
		call.mayHaveRun = true
	}
	return nil
}

// id names the call to those who know its idempotency key.
func (call *Invocation) id() keys.ID {
	return keys.ID{Service: call.method.service.Name(), Method: call.method.name, Key: call.sent[wire.IdempotencyKey]}
}

// stay has a call with an idempotency key, which may run where it went, or ran there and what came of it is
// lost, go there alone from now on: nobody else knows that.
func (call *Invocation) stay(e *helium.Error) {
	if call.key.Once && e != nil && e.Outcome != helium.NotExecuted && !call.isTold(e) {
		call.key.Only = call.flight.To.Endpoint.Instance
	}
}

// isTold reports whether what the handler returned has come, where a call ended so.
func (call *Invocation) isTold(e *helium.Error) bool {
	return e == nil || e.Outcome == helium.Executed && call.answer.arrived && !errors.Is(e, retries.ErrResultLost)
}

// noteOutcome remembers where a call with an idempotency key may have run if what came of it isn't known in the
// end, and forgets it if that is.
func (call *Invocation) noteOutcome(e *helium.Error, now, deadline time.Time) {
	switch {
	case call.key.Only == "":
	case call.isTold(e):
		call.method.core.unsettled.Settle(call.id())
	default:
		call.method.core.unsettled.Add(call.id(), call.key.Only, now, deadline)
	}
}

// strayed returns the error of a call that may have run at an instance which is gone.
func (call *Invocation) strayed() *helium.Error {
	return link.ErrNobody.WithMessage("instance %q, where a call with this idempotency key may have run, is gone, and with it what it kept; to have the call run all the same, take another key", call.key.Only)
}

package rpcclient

import (
	"context"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
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
// an instance keeps is gone with it, and a call whose instance goes while it runs isn't made
// elsewhere: it stays unknown. Later calls of the key go to another instance, which knows
// nothing of it, and so do those of keys that an instance takes over as it comes.
//
// Instances of older versions take no such calls. Where there are no others, nothing is sent,
// and the error is [helium.ErrIdempotencyKeysUnsupported].
//
// The key travels in the metadata, as "helium-idempotency-key"; handlers don't see it there.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return helium.WithMetadata(ctx, helium.Metadata{wire.IdempotencyKey: key})
}

// identify takes in what the call sends with it and which instance that picks.
func (call *Invocation) identify(ctx context.Context) *helium.Error {
	call.sent, call.key = helium.SentMetadata(ctx), call.viewKey
	key, ok := call.sent[wire.IdempotencyKey]
	if !ok {
		return nil
	}
	if err := wire.CheckIdempotencyKey(key); err != nil {
		return helium.ErrBadArgument.WithMessage("%w", err).WithOutcome(helium.NotExecuted)
	}
	if call.method.instance == "" && !call.key.given {
		call.key = newRoutingKey(key)
	}
	call.key.once = true
	return nil
}

// stay has a call with an idempotency key, which may run where it went, go there alone from now
// on: nobody else knows that.
func (call *Invocation) stay(e *helium.Error) {
	if call.key.once && call.key.given && e != nil && e.Outcome == helium.Unknown {
		call.key.only = call.flight.To.Endpoint.Instance
	}
}

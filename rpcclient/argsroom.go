package rpcclient

import (
	"context"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/directory"
)

// roomToSend returns once the process has room to send the call's arguments in chunks, or why it hasn't. Who gets
// some leaves it.
func (call *Invocation) roomToSend(ctx context.Context, deadline time.Time) (*chunks.Arguments, *helium.Error) {
	args := chunks.SendArguments(uint64(len(call.Args.Bytes())), !chunks.Holds(ctx))
	select {
	case <-args.Turn():
		return args, nil
	default:
	}
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	var e *helium.Error
	select {
	case <-args.Turn():
		return args, nil
	case <-ctx.Done():
		e = directory.ContextError(ctx.Err(), helium.NotExecuted)
	case <-late.C:
		e = helium.ErrDeadline.WithOutcome(helium.NotExecuted)
	case <-call.method.core.closed:
		e = helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	}
	args.Leave()
	if e.Code == helium.CodeDeadlineExceeded {
		e = e.WithMessage("the call's time was over while its arguments of %d bytes waited for their turn, as this process sends %d bytes of such at once; call less at a time, or give the calls more time", len(call.Args.Bytes()), chunks.MaxArguments)
	}
	return nil, e
}

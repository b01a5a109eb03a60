package rpcserver

import "github.com/helium-rpc/helium"

// What a caller may get beside the service's own errors. errors.Is recognises them on
// the caller's side.
var (
	// ErrOverloaded: the server has as many calls in flight as it takes. The call
	// wasn't executed.
	ErrOverloaded = helium.NewError(helium.ResourceExhausted, "helium.overloaded", "the instance has as many calls in flight as it takes; try again later, or start more instances")
	// ErrExpired: the call's time had run out before its turn came. It wasn't executed.
	ErrExpired = helium.NewError(helium.DeadlineExceeded, "helium.expired_in_queue", "the call's time ran out before its turn came")
	// ErrCanceled: the caller gave up before the call's turn came. It wasn't executed.
	ErrCanceled = helium.NewError(helium.Canceled, "helium.canceled_in_queue", "the caller gave up before the call's turn came")
	// ErrPanic: the handler panicked. The server's log has the stack.
	ErrPanic = helium.NewError(helium.Internal, "helium.panic", "the handler panicked; the server's log has the stack")
	// ErrBadArgument: the arguments don't fit the method. The call wasn't executed.
	ErrBadArgument = helium.NewError(helium.InvalidArgument, "helium.bad_argument", "the arguments don't fit the method")
	// ErrBadMessage: a message that breaks the protocol. Nothing in it was executed.
	ErrBadMessage = helium.NewError(helium.InvalidArgument, "helium.bad_message", "the message breaks the protocol")
	// ErrNoMethod: the service has no such method. The call wasn't executed.
	ErrNoMethod = helium.NewError(helium.Unimplemented, "helium.no_such_method", "the service has no such method")
	// ErrBadResult: the handler ran, and its result can't be encoded.
	ErrBadResult = helium.NewError(helium.Internal, "helium.bad_result", "the result can't be encoded")
	// ErrResultTooLarge: the handler ran, and its result doesn't fit a message.
	ErrResultTooLarge = helium.NewError(helium.ResourceExhausted, "helium.result_too_large", "the result doesn't fit a message")
	// ErrCut: the server stopped before the handler had finished. It may have run.
	ErrCut = helium.NewError(helium.Unavailable, "helium.cut", "the server stopped before the call was done")
)

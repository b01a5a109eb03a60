package rpcclient

import "github.com/helium-rpc/helium"

// What a call may fail with on the caller's own side. Errors of the registry are in
// package binder, what a server refuses in package rpcserver, and errors.Is tells them
// all apart.
var (
	// ErrNoInstance: nobody listens where the call goes. It wasn't executed.
	ErrNoInstance = helium.NewError(helium.Unavailable, "helium.no_instance", "no instance is running; start one")
	// ErrNotSent: the connection didn't take the call. It wasn't executed.
	ErrNotSent = helium.NewError(helium.Unavailable, "helium.not_sent", "the call couldn't be sent")
	// ErrDisconnected: the connection was lost while the call was in flight. Whether it
	// ran is unknown.
	ErrDisconnected = helium.NewError(helium.Unavailable, "helium.disconnected", "the connection to NATS was lost while the call was in flight; nobody can tell whether it ran")
	// ErrDeadline: no answer within the call's time. Whether it ran is unknown.
	ErrDeadline = helium.NewError(helium.DeadlineExceeded, "helium.deadline", "no answer within the call's time")
	// ErrCanceled: the caller's context was canceled.
	ErrCanceled = helium.NewError(helium.Canceled, "helium.canceled", "the caller's context was canceled")
	// ErrClosed: the client was closed.
	ErrClosed = helium.NewError(helium.FailedPrecondition, "helium.client_closed", "the client is closed; make a new one with rpcclient.New")
	// ErrNotPermitted: the connection's user may not use the subject that it takes: to
	// call the method, to look it up, or to receive answers.
	ErrNotPermitted = helium.NewError(helium.PermissionDenied, "helium.not_permitted", "this connection's user may not call the method")
	// ErrMismatch: the stub or the arguments, the names of their fields included, don't fit
	// the method as it is registered. Nothing was sent.
	ErrMismatch = helium.NewError(helium.InvalidArgument, "helium.signature_mismatch", "the stub doesn't fit the method")
	// ErrInterceptor: an interceptor returned nil, but no result had come. Its call may
	// have failed or never been made.
	ErrInterceptor = helium.NewError(helium.Internal, "helium.interceptor", "an interceptor returned nil for a call that brought no result; let it return the error of next")
	// ErrBadName: that can't be the name of a method.
	ErrBadName = helium.NewError(helium.InvalidArgument, "helium.bad_name", "that can't be the name of a method")
	// ErrBadArgument: an argument can't be encoded, or the server couldn't read it.
	// The call wasn't executed.
	ErrBadArgument = helium.NewError(helium.InvalidArgument, "helium.bad_argument", "the arguments don't fit the method")
	// ErrTooLarge: the arguments don't fit a message. Nothing was sent.
	ErrTooLarge = helium.NewError(helium.ResourceExhausted, "helium.call_too_large", "the arguments don't fit a message")
	// ErrBadResult: the method ran, and its result doesn't fit where it should go.
	ErrBadResult = helium.NewError(helium.Internal, "helium.bad_result", "the result can't be read")
)

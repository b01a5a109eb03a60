package helium

// Every error that Helium itself gives, for errors.Is on either side of the wire. The
// message that comes with one says more than those here, and what to do. docs/errors.md
// has them as a table.

// What a caller finds out by itself.
var (
	// ErrNoInstance: nobody listens where the call goes. It wasn't executed.
	ErrNoInstance = NewError(CodeUnavailable, "helium.no_instance", "no instance is running; start one")
	// ErrNotSent: the connection didn't take the call. It wasn't executed.
	ErrNotSent = NewError(CodeUnavailable, "helium.not_sent", "the call couldn't be sent")
	// ErrDisconnected: the connection was lost while the call was in flight. Whether it
	// ran is unknown.
	ErrDisconnected = NewError(CodeUnavailable, "helium.disconnected", "the connection to NATS was lost while the call was in flight; nobody can tell whether it ran")
	// ErrSilent: the instance that has the call, or may have it, hasn't been heard for 2 s, though
	// it says each half second which calls run. It is frozen, dead or cut off; or NATS takes no more of its messages,
	// which the error says. Or it has hardly sent any of a large result for 10 s, and then the call has run. Else it
	// may have run, or may run yet.
	ErrSilent = NewError(CodeUnavailable, "helium.silent", "the instance that has the call has been silent for 2 s; it is frozen, dead or cut off")
	// ErrDeadline: no answer within the call's time. Whether it ran is unknown.
	ErrDeadline = NewError(CodeDeadlineExceeded, "helium.deadline", "no answer within the call's time")
	// ErrCanceled: the caller's context was canceled.
	ErrCanceled = NewError(CodeCanceled, "helium.canceled", "the caller's context was canceled")
	// ErrClientClosed: the client was closed.
	ErrClientClosed = NewError(CodeFailedPrecondition, "helium.client_closed", "the client is closed; make a new one with rpcclient.New")
	// ErrNotPermitted: the connection's user may not use the subject that it takes: to
	// call the method, to look it up, or to receive answers.
	ErrNotPermitted = NewError(CodePermissionDenied, "helium.not_permitted", "this connection's user may not call the method")
	// ErrMismatch: the stub or the arguments, the names of their fields included, don't fit
	// the method as it is registered. Nothing was sent.
	ErrMismatch = NewError(CodeInvalidArgument, "helium.signature_mismatch", "the stub doesn't fit the method")
	// ErrInterceptor: an interceptor returned nil, but no result had come, or passed on what is no
	// item of a stream, or answered with a result where the method has items, or with items where it has a result, or
	// had a stream begin again that can't. Its call may have failed or never been made.
	ErrInterceptor = NewError(CodeInternal, "helium.interceptor", "an interceptor returned nil for a call that brought no result; let it return the error of next")
	// ErrBadName: that can't be the name of a method.
	ErrBadName = NewError(CodeInvalidArgument, "helium.bad_name", "that can't be the name of a method")
	// ErrTooLarge: the arguments don't fit a message, and don't travel in chunks: there are more than
	// MaxValue of either side lets through, or no instance takes them so. The call wasn't executed.
	// Of a stream: so it is of an item that is sent.
	ErrTooLarge = NewError(CodeResourceExhausted, "helium.call_too_large", "the arguments don't fit a message")
	// ErrIdempotencyKeysUnsupported: no instance that the call could go to takes idempotency
	// keys, as all are of an older version or have them turned off. Nothing was executed.
	ErrIdempotencyKeysUnsupported = NewError(CodeUnimplemented, "helium.idempotency_keys_unsupported", "no instance that the call could go to takes idempotency keys; update the servers, or call without a key")
	// ErrStreamsUnsupported: no instance that a stream could go to takes streams, as all are of an
	// older version, or can't, as NATS takes one message of answers a request there. Nothing was
	// executed.
	ErrStreamsUnsupported = NewError(CodeUnimplemented, "helium.streams_unsupported", "no instance that the stream could go to takes streams; update the servers")
)

// What either side finds out.
var (
	// ErrBadArgument: an argument can't be encoded, or the server couldn't read it.
	// The call wasn't executed.
	ErrBadArgument = NewError(CodeInvalidArgument, "helium.bad_argument", "the arguments don't fit the method")
	// ErrBadResult: the handler ran, and its result can't be encoded, or doesn't fit where
	// the caller wants it.
	ErrBadResult = NewError(CodeInternal, "helium.bad_result", "the method ran, and its result can't be encoded or read")
	// ErrStreamGap: items of a stream got lost on their way, or came twice. The stream is over.
	ErrStreamGap = NewError(CodeDataLoss, "helium.stream_gap", "items of the stream got lost, or came twice")
	// ErrIsStream: the method takes or returns a stream, and was called as if it didn't, or the other
	// way round. The call wasn't executed.
	ErrIsStream = NewError(CodeUnimplemented, "helium.is_stream", "the method takes or returns a stream; call it so")
)

// What a server refuses or reports.
var (
	// ErrOverloaded: the server has as many calls in flight as it takes, or can't run this one in
	// time; or the client held the call back, as the method's instances refuse most for that. The
	// call wasn't executed. The detail "waited_ms" is 50 if its turn didn't come though it had waited for
	// 50 ms or longer.
	ErrOverloaded = NewError(CodeResourceExhausted, "helium.overloaded", "the instance has as many calls in flight as it takes; try again later, or start more instances")
	// ErrExpired: the call's time had run out before its turn came, wherever it waited. It wasn't
	// executed. The detail "waited_ms" says how long it waited, in milliseconds.
	ErrExpired = NewError(CodeDeadlineExceeded, "helium.expired_in_queue", "the call's time ran out before its turn came")
	// ErrFrozen: the instance had stood still, and can't tell whether the call's time had run out
	// meanwhile. It wasn't executed.
	ErrFrozen = NewError(CodeUnavailable, "helium.frozen", "the instance stood still and can't tell how long the call has waited; try again")
	// ErrCanceledInQueue: the caller gave up before the call's turn came. It wasn't executed.
	ErrCanceledInQueue = NewError(CodeCanceled, "helium.canceled_in_queue", "the caller gave up before the call's turn came")
	// ErrPanic: the handler panicked. The server's log has the stack.
	ErrPanic = NewError(CodeInternal, "helium.panic", "the handler panicked; the server's log has the stack")
	// ErrBadMessage: a message that breaks the protocol. Nothing in it was executed.
	ErrBadMessage = NewError(CodeInvalidArgument, "helium.bad_message", "the message breaks the protocol")
	// ErrNoMethod: the service has no such method. The call wasn't executed.
	ErrNoMethod = NewError(CodeUnimplemented, "helium.no_such_method", "the service has no such method")
	// ErrResultTooLarge: the handler ran, and its result doesn't fit a message, and doesn't travel in
	// chunks: it is larger than MaxValue of either side lets through, nobody has room for it now, or
	// its caller takes none so. Of a stream: so it is of an item that comes.
	ErrResultTooLarge = NewError(CodeResourceExhausted, "helium.result_too_large", "the result doesn't fit a message")
	// ErrIdempotencyKeyReused: a call of the method had the same idempotency key and other
	// arguments. This one wasn't executed.
	ErrIdempotencyKeyReused = NewError(CodeInvalidArgument, "helium.idempotency_key_reused", "the idempotency key was used for a call with other arguments")
	// ErrUnfinished: the call wasn't done when the one message had to leave that NATS takes of
	// the answers to its message. It may have run.
	ErrUnfinished = NewError(CodeUnavailable, "helium.unfinished", "the call wasn't done when the only message had to leave that answers the calls of its message")
	// ErrCut: the server stopped before the handler had finished. It may have run.
	ErrCut = NewError(CodeUnavailable, "helium.cut", "the server stopped before the call was done")
)

// What the registry answers to a lookup.
var (
	// ErrUnknownService: no instance of a service by that name. The nearest names are
	// in the message and, joined by commas, in the detail "nearest".
	ErrUnknownService = NewError(CodeNotFound, "binder.unknown_service", "no such service")
	// ErrUnknownMethod: the service is known and has no such method, or, for a bare
	// name, no service has one. The methods there are stand in the message and in the
	// detail "methods", the nearest names in "nearest".
	ErrUnknownMethod = NewError(CodeUnimplemented, "binder.unknown_method", "no such method")
	// ErrAmbiguousMethod: several services have a method by that bare name. They are in the
	// message and in the detail "services".
	ErrAmbiguousMethod = NewError(CodeInvalidArgument, "binder.ambiguous_method", "several services have that method; name one")
)

// Why the registry can't answer.
var (
	// ErrNoBinder: no binder listens. It is known within milliseconds.
	ErrNoBinder = NewError(CodeUnavailable, "binder.unreachable",
		"no binder answers; start one with binder.Start, as examples/binder does")
	// ErrNotConnected: the connection to NATS is down or closed.
	ErrNotConnected = NewError(CodeUnavailable, "binder.not_connected",
		"not connected to NATS; see that the broker runs and that its address is right")
	// ErrNoBinderAnswer: a binder, or what was taken for one, didn't answer in time.
	ErrNoBinderAnswer = NewError(CodeDeadlineExceeded, "binder.no_answer",
		"the binder didn't answer in time; see its log, and that this user may use its subjects")
	// ErrRegistryNotPermitted: NATS didn't take a request to a binder, as the connection's
	// user may not send it, or may not receive the answer. It is known as soon as NATS says
	// so.
	ErrRegistryNotPermitted = NewError(CodePermissionDenied, "binder.not_permitted",
		"this user may not ask the binder that; allow it to, or connect as another user")
	// ErrNotBinder: what answered isn't a binder: another program on its subjects, or a
	// JetStream stream that captures them.
	ErrNotBinder = NewError(CodeFailedPrecondition, "binder.foreign_answer",
		"what answers on the binder's subjects isn't a binder; see who else subscribes there")
	// ErrBinderBusy: the binder has too much to do; try again.
	ErrBinderBusy = NewError(CodeResourceExhausted, "binder.busy",
		"the binder has too many requests; try again, or run more binders")
	// ErrStoreUnavailable: the binder is there, its store can't be reached now.
	ErrStoreUnavailable = NewError(CodeUnavailable, "binder.store_unavailable",
		"the registry's store can't be reached; see that JetStream runs and has a leader (nats server report jetstream)")
	// ErrStoreRefused: the binder's store is there and refuses for good what the binder needs
	// of it: a limit of the account, a permission, replicas that can't be met, a bucket that
	// is full or sealed. It stays so until somebody changes what the message says.
	ErrStoreRefused = NewError(CodeFailedPrecondition, "binder.store_refused",
		"the registry's store refuses what the binder needs; see the binder's log")
	// ErrNoJetStream: the NATS server runs without JetStream, which keeps the registry.
	ErrNoJetStream = NewError(CodeFailedPrecondition, "binder.no_jetstream",
		"JetStream isn't enabled on the NATS server; put \"jetstream {}\" into its configuration or start it with: nats-server -js")
)

// What the registry refuses of those who register.
var (
	// ErrUnknownInstance: a renewal of what the registry doesn't know (any more): register again.
	ErrUnknownInstance = NewError(CodeNotFound, "binder.unknown_instance", "the registry doesn't know this instance; register it again")
	// ErrBadRegistryName: a name that can't be one, see binder.Record.
	ErrBadRegistryName = NewError(CodeInvalidArgument, "binder.bad_name", "that can't be a name")
	// ErrBadRecord: a record that can't be read, or contradicts itself.
	ErrBadRecord = NewError(CodeInvalidArgument, "binder.bad_record", "that isn't a record")
	// ErrBadRequest: a request to a binder that isn't what docs/protocol.md says.
	ErrBadRequest = NewError(CodeInvalidArgument, "binder.bad_request", "the binder can't read that request")
	// ErrRecordTooLarge: a record longer than binder.Config.MaxRecord or than a message.
	ErrRecordTooLarge = NewError(CodeInvalidArgument, "binder.record_too_large", "the record is too large")
	// ErrTooManyInstances: a service has as many instances in the registry, or their records are
	// as long together, as a binder takes; see binder.Config.MaxInstances. Those that are there stay.
	ErrTooManyInstances = NewError(CodeResourceExhausted, "binder.too_many_instances", "the service has as many instances in the registry as it may have")
	// ErrWrongSubject: a record of one service on the subject of another, which
	// permissions on subjects could not tell apart.
	ErrWrongSubject = NewError(CodePermissionDenied, "binder.wrong_subject", "a record is registered on its own service's subject only")
)

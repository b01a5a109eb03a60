package binder

import "github.com/helium-rpc/helium"

// What goes wrong with a registry. Compare with errors.Is; the message that comes
// with an error says more than the ones here, and what to do.
var (
	// ErrNoBinder: no binder listens. It is known within milliseconds.
	ErrNoBinder = helium.NewError(helium.Unavailable, "binder.unreachable",
		"no binder answers; start one with binder.Start, as examples/binder does")
	// ErrNotConnected: the connection to NATS is down or closed.
	ErrNotConnected = helium.NewError(helium.Unavailable, "binder.not_connected",
		"not connected to NATS; see that the broker runs and that its address is right")
	// ErrNoAnswer: a binder, or who was taken for one, didn't answer in time.
	ErrNoAnswer = helium.NewError(helium.DeadlineExceeded, "binder.no_answer",
		"the binder didn't answer in time; see its log, and that this user may use its subjects")
	// ErrNotPermitted: NATS didn't take the request, as the connection's user may not send
	// it, or may not receive the answer. It is known as soon as NATS says so.
	ErrNotPermitted = helium.NewError(helium.PermissionDenied, "binder.not_permitted",
		"this user may not ask the binder that; allow it to, or connect as another user")
	// ErrNotBinder: what answered isn't a binder: another program on its subjects, or a
	// JetStream stream that captures them.
	ErrNotBinder = helium.NewError(helium.FailedPrecondition, "binder.foreign_answer",
		"what answers on the binder's subjects isn't a binder; see who else subscribes there")
	// ErrStore: the binder is there, its store can't be reached now.
	ErrStore = helium.NewError(helium.Unavailable, "binder.store_unavailable",
		"the registry's store can't be reached; see that JetStream runs and has a leader (nats server report jetstream)")
	// ErrStoreRefused: the binder's store is there and refuses for good what the binder needs
	// of it: a limit of the account, a permission, replicas that can't be met, a bucket that
	// is full or sealed. It stays so until somebody changes what the message says.
	ErrStoreRefused = helium.NewError(helium.FailedPrecondition, "binder.store_refused",
		"the registry's store refuses what the binder needs; see the binder's log")
	// ErrNoJetStream: the NATS server runs without JetStream, which keeps the registry.
	ErrNoJetStream = helium.NewError(helium.FailedPrecondition, "binder.no_jetstream",
		"JetStream isn't enabled on the NATS server; put \"jetstream {}\" into its configuration or start it with: nats-server -js")
	// ErrBusy: the binder has too much to do; try again.
	ErrBusy = helium.NewError(helium.ResourceExhausted, "binder.busy",
		"the binder has too many requests; try again, or run more binders")

	// ErrUnknownService: no instance of a service by that name. The nearest names are
	// in the message and, joined by commas, in the detail "nearest".
	ErrUnknownService = helium.NewError(helium.NotFound, "binder.unknown_service", "no such service")
	// ErrUnknownMethod: the service is known and has no such method, or, for a bare
	// name, no service has one. The methods there are stand in the message and in the
	// detail "methods", the nearest names in "nearest".
	ErrUnknownMethod = helium.NewError(helium.Unimplemented, "binder.unknown_method", "no such method")
	// ErrAmbiguous: several services have a method by that bare name. They are in the
	// message and in the detail "services".
	ErrAmbiguous = helium.NewError(helium.InvalidArgument, "binder.ambiguous_method", "several services have that method; name one")
	// ErrUnknownInstance: a renewal of what the registry doesn't know (any more): register again.
	ErrUnknownInstance = helium.NewError(helium.NotFound, "binder.unknown_instance", "the registry doesn't know this instance; register it again")

	// ErrBadName: a name that can't be one, see [Record].
	ErrBadName = helium.NewError(helium.InvalidArgument, "binder.bad_name", "that can't be a name")
	// ErrBadRecord: a record that can't be read, or contradicts itself.
	ErrBadRecord = helium.NewError(helium.InvalidArgument, "binder.bad_record", "that isn't a record")
	// ErrBadRequest: a request that isn't what docs/protocol.md says.
	ErrBadRequest = helium.NewError(helium.InvalidArgument, "binder.bad_request", "the binder can't read that request")
	// ErrRecordTooLarge: a record longer than Config.MaxRecord or than a message.
	ErrRecordTooLarge = helium.NewError(helium.InvalidArgument, "binder.record_too_large", "the record is too large")
	// ErrWrongSubject: a record of one service on the subject of another, which
	// permissions on subjects could not tell apart.
	ErrWrongSubject = helium.NewError(helium.PermissionDenied, "binder.wrong_subject", "a record is registered on its own service's subject only")
)

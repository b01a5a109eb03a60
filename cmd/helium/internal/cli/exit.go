package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/helium-rpc/helium"
)

// The exit codes, which scripts can rely on.
const (
	ExitOK          = 0   // done
	ExitInternal    = 1   // a fault of this command or of its machine
	ExitUsage       = 2   // the command line can't be meant
	ExitNoBus       = 3   // no NATS, no binder, or no permission to use them
	ExitUnknown     = 4   // no such service or method
	ExitArguments   = 5   // the arguments don't fit the method, or a call before with the same idempotency key
	ExitDeadline    = 6   // the time ran out
	ExitNoInstance  = 7   // no live instance that takes the call, or the one that had it is gone or silent
	ExitMethod      = 8   // the method's own error
	ExitThreshold   = 9   // an assertion of a benchmark didn't hold
	ExitInterrupted = 130 // Ctrl-C, as shells count it: 128 + SIGINT
	ExitTerminated  = 143 // a SIGTERM, likewise
)

// Failure is an error together with what the process makes of it.
type Failure struct {
	Exit int
	Hint string // a command or an action that helps next, "" if nobody knows
	Err  error
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// Fail returns an error with which the command exits with a code. The hint says what
// helps next, best a command; "" leaves that to the error's kind.
func Fail(code int, hint string, err error) error {
	return &Failure{Exit: code, Hint: hint, Err: err}
}

// ExitCodeOf returns the code with which an error of a subcommand ends the process.
func ExitCodeOf(err error) int {
	if err == nil {
		return ExitOK
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Exit
	}
	e, ok := errors.AsType[*helium.Error](err)
	if !ok {
		if errors.Is(err, context.DeadlineExceeded) {
			return ExitDeadline
		}
		return ExitInternal
	}
	return ExitOfCall(e)
}

// ExitOfCall maps Helium's errors: those it declares by their reasons, all others by
// code and by who made them.
func ExitOfCall(e *helium.Error) int {
	for _, known := range []struct {
		exit int
		errs []error
	}{
		{ExitNoBus, []error{
			helium.ErrNoBinder, helium.ErrNotBinder, helium.ErrRegistryNotPermitted, helium.ErrNotConnected, helium.ErrNoBinderAnswer, helium.ErrStoreUnavailable, helium.ErrStoreRefused, helium.ErrNoJetStream, helium.ErrBinderBusy,
			helium.ErrNotSent, helium.ErrDisconnected, helium.ErrNotPermitted,
		}},
		{ExitUnknown, []error{helium.ErrUnknownService, helium.ErrUnknownMethod, helium.ErrAmbiguousMethod, helium.ErrNoMethod}},
		{ExitUsage, []error{helium.ErrBadRegistryName, helium.ErrBadName}},
		{ExitArguments, []error{helium.ErrBadArgument, helium.ErrMismatch, helium.ErrTooLarge, helium.ErrIdempotencyKeyReused}},
		{ExitNoInstance, []error{
			helium.ErrNoInstance, helium.ErrOverloaded, helium.ErrCut, helium.ErrSilent, helium.ErrFrozen, helium.ErrUnfinished,
			helium.ErrStreamsUnsupported, helium.ErrIdempotencyKeysUnsupported,
		}},
	} {
		for _, target := range known.errs {
			if errors.Is(e, target) {
				return known.exit
			}
		}
	}
	switch {
	case e.Code == helium.CodeDeadlineExceeded && (e.Reason == "" || isOurs(e.Reason)):
		return ExitDeadline
	case e.Instance != "":
		return ExitMethod
	}
	return ExitInternal
}

// isOurs reports a reason that Helium itself declares, not a service.
func isOurs(reason string) bool {
	return strings.HasPrefix(reason, "helium.") || strings.HasPrefix(reason, "binder.")
}

// UnlessStopped drops the error of a start that an interrupt ended.
func UnlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

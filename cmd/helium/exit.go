package main

import (
	"context"
	"errors"
	"strings"

	"github.com/helium-rpc/helium"
)

// The exit codes, which scripts can rely on.
const (
	exitOK          = 0   // done
	exitInternal    = 1   // a fault of this command or of its machine
	exitUsage       = 2   // the command line can't be meant
	exitNoBus       = 3   // no NATS, no binder, or no permission to use them
	exitUnknown     = 4   // no such service or method
	exitArguments   = 5   // the arguments don't fit the method
	exitDeadline    = 6   // the time ran out
	exitNoInstance  = 7   // no live instance that takes the call
	exitMethod      = 8   // the method's own error
	exitThreshold   = 9   // an assertion of a benchmark didn't hold
	exitInterrupted = 130 // Ctrl-C, as shells count it: 128 + SIGINT
)

// failure is an error together with what the process makes of it.
type failure struct {
	exit int
	hint string // a command or an action that helps next, "" if nobody knows
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// fail returns an error with which the command exits with a code. The hint says what
// helps next, best a command; "" leaves that to the error's kind.
func fail(code int, hint string, err error) error {
	return &failure{exit: code, hint: hint, err: err}
}

// exitCodeOf returns the code with which an error of a subcommand ends the process.
func exitCodeOf(err error) int {
	if err == nil {
		return exitOK
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f.exit
	}
	e, ok := errors.AsType[*helium.Error](err)
	if !ok {
		if errors.Is(err, context.DeadlineExceeded) {
			return exitDeadline
		}
		return exitInternal
	}
	return exitOfCall(e)
}

// exitOfCall maps Helium's errors: those it declares by their reasons, all others by
// code and by who made them.
func exitOfCall(e *helium.Error) int {
	for _, known := range []struct {
		exit int
		errs []error
	}{
		{exitNoBus, []error{
			helium.ErrNoBinder, helium.ErrNotBinder, helium.ErrRegistryNotPermitted, helium.ErrNotConnected, helium.ErrNoBinderAnswer, helium.ErrStoreUnavailable, helium.ErrStoreRefused, helium.ErrNoJetStream, helium.ErrBinderBusy,
			helium.ErrNotSent, helium.ErrDisconnected, helium.ErrNotPermitted,
		}},
		{exitUnknown, []error{helium.ErrUnknownService, helium.ErrUnknownMethod, helium.ErrAmbiguousMethod, helium.ErrNoMethod}},
		{exitUsage, []error{helium.ErrBadRegistryName, helium.ErrBadName}},
		{exitArguments, []error{helium.ErrBadArgument, helium.ErrMismatch, helium.ErrTooLarge}},
		{exitNoInstance, []error{helium.ErrNoInstance, helium.ErrOverloaded, helium.ErrCut}},
	} {
		for _, target := range known.errs {
			if errors.Is(e, target) {
				return known.exit
			}
		}
	}
	switch {
	case e.Code == helium.CodeDeadlineExceeded && (e.Reason == "" || isOurs(e.Reason)):
		return exitDeadline
	case e.Instance != "":
		return exitMethod
	}
	return exitInternal
}

// isOurs reports a reason that Helium itself declares, not a service.
func isOurs(reason string) bool {
	return strings.HasPrefix(reason, "helium.") || strings.HasPrefix(reason, "binder.")
}

// judge gives an error its exit code, and a hint where it has none.
func (a *app) judge(ctx context.Context, err error) *failure {
	if !a.running {
		return &failure{exit: exitUsage, hint: a.command + " --help", err: err}
	}
	f := &failure{exit: exitCodeOf(err), err: err}
	if given, ok := errors.AsType[*failure](err); ok {
		f.hint = given.hint
	}
	if ctx.Err() != nil {
		f.exit, f.hint = exitInterrupted, ""
		return f
	}
	if f.hint == "" {
		f.hint = a.hintFor(f.exit, err)
	}
	return f
}

// hintFor names the command that helps after an error of a kind.
func (a *app) hintFor(exit int, err error) string {
	name := a.asked
	if e, ok := errors.AsType[*helium.Error](err); ok && e.Service != "" {
		name = strings.TrimSuffix(e.Service+"."+e.Method, ".")
	}
	service, _, isMethod := strings.Cut(name, ".")
	switch {
	case exit == exitUsage:
		return a.command + " --help"
	case errors.Is(err, helium.ErrNoBinder):
		return "helium binder"
	case exit == exitNoBus:
		return "helium doctor"
	case errors.Is(err, helium.ErrUnknownMethod) && isMethod:
		return commandLine("helium", "describe", service)
	case exit == exitUnknown:
		return "helium ls"
	case name == "" && exit == exitDeadline:
		return "helium doctor"
	case name == "":
		return ""
	case exit == exitArguments, exit == exitMethod:
		return commandLine("helium", "describe", name)
	case exit == exitDeadline, exit == exitNoInstance:
		return commandLine("helium", "why", name)
	}
	return ""
}

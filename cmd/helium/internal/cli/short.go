package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/shell"
)

// TimeToTell is how long somebody has to be silent to be called so: one that is well may be further
// away, or stand still for less.
const TimeToTell = 500 * time.Millisecond

// ErrTooShort is the error of a question for which --timeout left so little time that nothing can be said of who
// didn't answer.
var ErrTooShort = errors.New("the time was too short to tell")

// tooShort returns what is said of an error in place of it, if it speaks of NATS or of a binder that didn't answer
// within a --timeout that left no time to; nil: the error says what there is to say. That of a call is about the time
// that was given to the call. The hint says how there is more.
func tooShort(err error, given time.Duration, hint string) error {
	if given >= TimeToTell || errors.Is(err, ErrTooShort) {
		return nil
	}
	who := ""
	switch _, ours := errors.AsType[*helium.Error](err); {
	case errors.Is(err, helium.ErrNoBinderAnswer):
		who = "no answer of a binder"
	case !ours && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout)):
		who = "no answer of NATS"
	default:
		return nil
	}
	return Fail(ExitDeadline, hint, fmt.Errorf("%w: %s within %v; give a longer --timeout", ErrTooShort, who, given))
}

// withMoreTime is a command, that asked for a service or a method, with more time. Of a call its arguments aren't
// known here.
func withMoreTime(command, asked string) string {
	const enough = "--timeout 10s"
	switch {
	case command == "helium call" || command == "helium bench":
		return "the same with " + enough
	case asked != "":
		return command + " " + shell.Word(asked) + " " + enough
	}
	return command + " " + enough
}

package diagnose

import (
	"fmt"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// What may be said of a check.
const (
	statusOK      = "ok"
	statusWarning = "warning" // it works, and something isn't as it should be
	statusFailed  = "failed"
	statusSkipped = "skipped" // it couldn't be looked at, and need not be wrong
)

// finding is what a check found.
type finding struct {
	late   bool // there was no time to find more
	status string
	text   string
	next   string // what to do, of a warning or a failure
	err    error  // of a failure, made by fail
}

func found(format string, args ...any) finding {
	return finding{status: statusOK, text: fmt.Sprintf(format, args...)}
}

func warning(format string, args ...any) finding {
	return finding{status: statusWarning, text: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) finding {
	return finding{status: statusSkipped, text: fmt.Sprintf(format, args...)}
}

// noTime is the finding of a check that had so little time that nothing can be said of who didn't answer.
func noTime(given time.Duration) finding {
	f := skipped("%v: no answer within the %v that were left; give a longer --timeout", cli.ErrTooShort, amount.Time(max(0, given)))
	f.late = true
	return f
}

// failed is a failure that ends in what to do next.
func failed(exit int, next string, err error) finding {
	text := err.Error()
	if e, ok := err.(*helium.Error); ok {
		text = e.Message // it stands among checks of one method: no need to name that
	}
	if !cli.IsSomebodysWord(err) {
		text = cli.InOurWords(text, err)
	}
	return finding{status: statusFailed, text: text, next: next, err: cli.Fail(exit, next, err)}
}

// failedAs is a failure by an error that says by itself what to do.
func failedAs(err error) finding {
	return finding{status: statusFailed, text: cli.InOurWords(err.Error(), err), err: err}
}

// advised is a warning with what to do.
func advised(next, format string, args ...any) finding {
	f := warning(format, args...)
	f.next = next
	return f
}

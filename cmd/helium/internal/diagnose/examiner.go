package diagnose

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
	"github.com/helium-rpc/helium/internal/visible"
)

// examiner makes one check after another and keeps what they found.
type examiner struct {
	env     *cli.Env
	advises bool // failures are shown with what to do, as warnings always are

	results []result
	late    bool // the time was over before the last check
}

// check looks at one thing.
type check struct {
	name string
	look func(context.Context) finding
}

// result is what a check found.
type result struct {
	finding
	name string
	took time.Duration
}

// checkTimeout bounds what one check waits for.
const checkTimeout = 5 * time.Second

// examine makes the checks in their order, until the time is over. One that fails doesn't end
// it: what the next ones find says much.
func (e *examiner) examine(ctx context.Context, checks ...check) {
	ctx, cancel := e.env.Bounded(ctx)
	defer cancel()
	for _, c := range checks {
		if ctx.Err() != nil {
			e.late = true
			return
		}
		e.make(ctx, c)
	}
}

func (e *examiner) make(ctx context.Context, c check) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	began, given := time.Now(), time.Duration(0)
	if deadline, ends := ctx.Deadline(); ends {
		given = time.Until(deadline)
	}
	r := result{finding: c.look(ctx), name: c.name}
	if given < cli.TimeToTell && r.status == statusFailed && outOfTime(r.err) {
		r.finding = noTime(given)
	}
	r.took = time.Since(began)
	e.late = e.late || r.late
	e.results = append(e.results, r)
	if e.env.Form != "table" {
		return
	}
	e.print(r.status, c.name, amount.Time(r.took), r.text)
	if r.next != "" && (e.advises || r.status == statusWarning) {
		e.print("", "", "", "next: "+r.next)
	}
}

// outOfTime reports an error of somebody who was asked and didn't answer in time.
func outOfTime(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, helium.ErrNoBinderAnswer)
}

// print writes a line: its status, what was looked at, how long that took.
func (e *examiner) print(status, what, took, text string) {
	if status == statusSkipped {
		took = ""
	}
	fmt.Fprint(e.env.Out, "  ")
	e.env.Out.Styled(statusStyles[status], fmt.Sprintf("%-8s", status))
	fmt.Fprintf(e.env.Out, " %-12s %8s  %s\n", what, took, visible.Line(text))
}

var statusStyles = map[string]terminal.Style{
	statusOK: terminal.Green, statusWarning: terminal.Yellow, statusFailed: terminal.Red, statusSkipped: terminal.Faint,
}

// failures returns the errors of the checks that failed.
func (e *examiner) failures() (errs []error) {
	for _, r := range e.results {
		if r.status == statusFailed {
			errs = append(errs, r.err)
		}
	}
	return errs
}

// warnings returns how many checks found something that works and could be better.
func (e *examiner) warnings() (n int) {
	for _, r := range e.results {
		if r.status == statusWarning {
			n++
		}
	}
	return n
}

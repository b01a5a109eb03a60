package diagnose

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
)

func NewDoctor(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check the environment, NATS and the registry, and tell what to do",
		Long: `Check the environment, NATS and the registry, and tell what is wrong and what to do.

It changes nothing and runs no method. A warning is something that works and could be
better. The exit code is 0 without failures, 3 where NATS or binders can't be used.`,
		Args: cli.Words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := env.Connection.CheckTimeout(); err != nil {
				return err
			}
			return doctor(cmd.Context(), env)
		},
	}
}

// examination is one run of the doctor's checks. Each may use what those before found.
type examination struct {
	env      *cli.Env
	nc       *nats.Conn    // nil: NATS can't be reached
	prober   *probe.Prober // set with nc
	inbox    bool          // answers can come
	about    *aboutUser    // what the server says of this user; nil: nothing
	answered bool          // a binder did
	report   doctorReport
	failures []error
	warnings int
	late     bool // the time was over before the last check
}

// doctorReport is what "helium doctor -o json" writes.
type doctorReport struct {
	OK     bool          `json:"ok"` // no check failed
	Checks []doctorCheck `json:"checks"`
	Exit   int           `json:"exit"` // the exit code
}

type doctorCheck struct {
	Check  string  `json:"check"`
	Status string  `json:"status"` // ok, warning, failed or skipped
	TookMS float64 `json:"took_ms"`
	Found  string  `json:"found"`
	Next   string  `json:"next,omitempty"` // what to do
}

func doctor(ctx context.Context, env *cli.Env) error {
	e := &examination{env: env, report: doctorReport{Checks: []doctorCheck{}}}
	defer func() {
		if e.nc != nil {
			e.nc.Close()
		}
	}()
	bounded, cancel := env.Bounded(ctx)
	defer cancel()
	for _, check := range []struct {
		name string
		look func(context.Context) finding
	}{
		{"command", e.command},
		{"settings", e.settings},
		{"contexts", e.contexts},
		{"files", e.files},
		{"nats", e.nats},
		{"max_payload", e.maxPayload},
		{"inbox", e.inboxes},
		{"user", e.user},
		{"clock", e.clock},
		{"permissions", e.permissions},
		{"bucket", e.bucket}, // without it binders don't start, so it comes first
		{"binder", e.binder},
		{"binders", e.binders},
		{"instances", e.instances},
	} {
		if bounded.Err() != nil {
			e.late = true
			break
		}
		e.check(bounded, check.name, check.look)
	}
	return e.end(ctx)
}

// check makes one check.
func (e *examination) check(ctx context.Context, name string, look func(context.Context) finding) {
	ctx, cancel := context.WithTimeout(ctx, whyPatience)
	defer cancel()
	began := time.Now()
	f := look(ctx)
	took := time.Since(began)
	switch f.status {
	case statusWarning:
		e.warnings++
	case statusFailed:
		e.failures = append(e.failures, f.err)
	}
	e.report.Checks = append(e.report.Checks, doctorCheck{Check: name, Status: f.status, TookMS: amount.InMS(took), Found: f.text, Next: f.next})
	if env := e.env; env.Form == "table" {
		printFinding(env, f.status, name, amount.Time(took), f.text)
		if f.next != "" {
			printFinding(env, "", "", "", "next: "+f.next)
		}
	}
}

// end says what it all comes to.
func (e *examination) end(ctx context.Context) error {
	env := e.env
	var problem error
	switch {
	case len(e.failures) == 1:
		problem = e.failures[0]
	case len(e.failures) > 1:
		first := env.Judge(ctx, e.failures[0])
		problem = cli.Fail(first.Exit, first.Hint, fmt.Errorf("%s failed; the first: %w", amount.Of(len(e.failures), "check"), first.Err))
	case e.late:
		problem = cli.Fail(cli.ExitDeadline, "helium doctor --timeout 1m", errors.New("the time was over before all was checked"))
	}
	e.report.OK = problem == nil
	if problem != nil {
		e.report.Exit = env.Judge(ctx, problem).Exit
	}
	verdict := map[bool]string{true: "ok", false: "failed"}[e.report.OK]
	err := env.Show(e.report, verdict, func() {
		switch {
		case problem != nil:
			fmt.Fprintln(env.Out)
		case e.warnings > 0:
			fmt.Fprintf(env.Out, "\nAll of it works; %s.\n", amount.Of(e.warnings, "warning"))
		default:
			fmt.Fprintln(env.Out, "\nAll is well.")
		}
	})
	if problem != nil {
		return problem
	}
	return err
}

// advised is a warning with what to do.
func advised(next, format string, args ...any) finding {
	f := warning(format, args...)
	f.next = next
	return f
}

package diagnose

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// NewDoctor returns "helium doctor".
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
	a := &access{env: env, whenLost: "look at the server's log"}
	defer a.close()
	server, user, registry := natsChecks{a}, &userChecks{access: a}, &registryChecks{access: a}
	e := &examiner{env: env, advises: true}
	e.examine(ctx,
		check{"command", command},
		check{"settings", func(context.Context) finding { return settings(env.Connection) }},
		check{"contexts", contexts},
		check{"files", func(context.Context) finding { return files(env.Connection) }},
		check{"nats", server.server},
		check{"max_payload", server.maxPayload},
		check{"inbox", server.inboxes},
		check{"user", user.user},
		check{"clock", user.clock},
		check{"permissions", user.permissions},
		check{"bucket", registry.bucket}, // without it binders don't start, so it comes first
		check{"binder", registry.binder},
		check{"binders", registry.binders},
		check{"instances", registry.instances},
		check{"direct links", registry.direct},
	)
	return tellHealth(ctx, env, e)
}

// tellHealth says what it all comes to.
func tellHealth(ctx context.Context, env *cli.Env, e *examiner) error {
	report := doctorReport{Checks: []doctorCheck{}}
	for _, r := range e.results {
		report.Checks = append(report.Checks, doctorCheck{Check: r.name, Status: r.status, TookMS: amount.InMS(r.took), Found: r.text, Next: r.next})
	}
	var problem error
	switch failures := e.failures(); {
	case len(failures) == 1:
		problem = failures[0]
	case len(failures) > 1:
		first := env.Judge(ctx, failures[0])
		problem = cli.Fail(first.Exit, first.Hint, fmt.Errorf("%s failed; the first: %w", amount.Of(len(failures), "check"), first.Err))
	case e.late && ctx.Err() != nil:
		problem = context.Cause(ctx)
	case e.late:
		problem = cli.Fail(cli.ExitDeadline, "helium doctor --timeout 1m", errors.New("the time was over before all was checked"))
	}
	verdict := "ok"
	if report.OK = problem == nil; !report.OK {
		verdict = "failed"
		report.Exit = env.Judge(ctx, problem).Exit
	}
	err := env.Show(report, verdict, func() {
		switch warnings := e.warnings(); {
		case problem != nil:
			fmt.Fprintln(env.Out)
		case warnings > 0:
			fmt.Fprintf(env.Out, "\nAll of it works; %s.\n", amount.Of(warnings, "warning"))
		default:
			fmt.Fprintln(env.Out, "\nAll is well.")
		}
	})
	if problem != nil {
		return problem
	}
	return err
}

package diagnose

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/visible"
)

// NewWhy returns "helium why".
func NewWhy(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "why service.method",
		Short: "Walk the way of a call, and tell where it ends",
		Long: `Walk the way of a call stage by stage, tell what is found at each, and what to do.

The last stages ask the instances themselves, with calls that have no time left: they
take the same way as any call, and are turned away where the handler would begin. So
nothing is run. Then direct links are opened to the instances that offer some, and closed
again: where that doesn't work, calls go by NATS, and it says why.

The exit code is the one that "helium call" would end with: 0 if the method can be
called, 3 without NATS, a binder or permission, 4 for an unknown name, 7 where no instance
is there, one is silent, or all have too much to do, and 6 where one is there and doesn't
answer, or doesn't tell whether it is there.`,
		Example:           `  helium why math.add`,
		Args:              cli.Words(1, 1),
		ValidArgsFunction: lookup.CompleteCall(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			env.Asked = args[0]
			if err := env.Connection.CheckTimeout(); err != nil {
				return err
			}
			return why(cmd.Context(), env, args[0])
		},
	}
}

// whyReport is what "helium why -o json" writes.
type whyReport struct {
	Name   string     `json:"name"`
	OK     bool       `json:"ok"`
	Stages []whyStage `json:"stages"`
	Links  []whyLink  `json:"links,omitempty"` // by which calls go, of each instance
	Exit   int        `json:"exit"`            // the exit code
	Next   string     `json:"next,omitempty"`  // what to do
}

// whyStage is one stage of the way.
type whyStage struct {
	Stage  string  `json:"stage"`
	Status string  `json:"status"` // ok, warning, failed or skipped
	TookMS float64 `json:"took_ms"`
	Found  string  `json:"found"`
	Next   string  `json:"next,omitempty"` // what to do
}

func why(ctx context.Context, env *cli.Env, name string) error {
	a := &access{env: env, whenLost: "helium doctor"}
	defer a.close()
	w, err := newWay(a, name)
	if err != nil {
		return err
	}
	if env.Form == "table" {
		fmt.Fprintf(env.Out, "%s\n\n", name)
	}
	registry, instances := wayToRegistry{w}, wayToInstances{w}
	e := &examiner{env: env}
	e.examine(ctx,
		check{"nats", registry.connection},
		check{"permissions", registry.permissions},
		check{"binder", registry.binder},
		check{"record", registry.record},
		check{"lease", registry.lease},
		check{"may call", instances.mayCall},
		check{"subscribers", instances.subscribers},
		check{"probe", instances.instances},
	)
	straight := &wayStraight{way: w}
	if !e.late {
		e.examine(ctx, straight.checks()...)
	}
	return tellWhy(ctx, env, w, e, straight.links())
}

// tellWhy says what it all comes to. The first failure decides.
func tellWhy(ctx context.Context, env *cli.Env, w *way, e *examiner, links []whyLink) error {
	report := whyReport{Name: w.name, Stages: []whyStage{}, Links: links}
	for _, r := range e.results {
		report.Stages = append(report.Stages, whyStage{Stage: r.name, Status: r.status, TookMS: amount.InMS(r.took), Found: r.text, Next: r.next})
	}
	var problem error
	switch failures := e.failures(); {
	case len(failures) > 0:
		problem = failures[0]
	case w.unknown != nil:
		problem = w.unknown
	case e.late && ctx.Err() != nil:
		problem = context.Cause(ctx)
	case e.late:
		problem = cli.Fail(cli.ExitDeadline, shell.Line("helium", "why", w.name, "--timeout", "1m"), errors.New("the time was over before the end of the way"))
	}
	verdict := "ok"
	if problem != nil {
		verdict = "failed"
		f := env.Judge(ctx, problem)
		report.Exit, report.Next = f.Exit, f.Hint
	} else {
		report.OK, report.Next = true, tryIt(w)
	}
	err := env.Show(report, verdict, func() {
		fmt.Fprintln(env.Out)
		if report.OK {
			fmt.Fprintf(env.Out, "%s.%s can be called. Nothing was run.\n", w.service, w.method)
			for _, line := range linksInWords(links) {
				fmt.Fprintf(env.Out, "  links     %s\n", visible.Line(line))
			}
			fmt.Fprintf(env.Out, "  next      %s\n", visible.Line(report.Next))
		}
	})
	if problem != nil {
		return problem
	}
	return err
}

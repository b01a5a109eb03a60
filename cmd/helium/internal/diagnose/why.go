package diagnose

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/visible"
	"github.com/helium-rpc/helium/signature"
)

func NewWhy(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "why service.method",
		Short: "Walk the way of a call, and tell where it ends",
		Long: `Walk the way of a call stage by stage, tell what is found at each, and what to do.

The last stages ask the instances themselves, with calls that have no time left: they
take the same way as any call, and are turned away where the handler would begin. So
nothing is run.

The exit code is the one that "helium call" would end with: 0 if the method can be
called, 3 without NATS, a binder or permission, 4 for an unknown name, 6 where an
instance is silent, 7 where none is there or all have too much to do.`,
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

// walk is one walk along the way of a call:
//
//	connect ─▶ permissions ─▶ binder ─▶ record ─▶ lease ─▶ may call ─▶ subscribers ─▶ probe
//
// A stage that fails doesn't end it where the next one can be tried all the same: that a
// server answers though no binder does says much. The first failure decides.
type walk struct {
	env             *cli.Env
	nc              *nats.Conn
	prober          *probe.Prober
	service, method string // method "" until one is chosen, service "" until it is known
	inbox           bool   // answers can be received
	mayAsk          bool   // and binders asked
	denied          bool   // the method's subject can't be published to
	records         []binder.Record
	signature       *signature.Method // nil: not known

	report  whyReport
	problem error // the first
	late    bool  // the time was over before the last stage
}

// whyReport is what "helium why -o json" writes.
type whyReport struct {
	Name   string     `json:"name"`
	OK     bool       `json:"ok"`
	Stages []whyStage `json:"stages"`
	Exit   int        `json:"exit"`           // the exit code
	Next   string     `json:"next,omitempty"` // what to do
}

// whyStage is one stage of the way.
type whyStage struct {
	Stage  string  `json:"stage"`
	Status string  `json:"status"` // one of the words below
	TookMS float64 `json:"took_ms"`
	Found  string  `json:"found"`
}

// What may be said of a stage, or of a check of the doctor.
const (
	statusOK      = "ok"
	statusWarning = "warning" // it works, and something isn't as it should be
	statusFailed  = "failed"
	statusSkipped = "skipped" // it couldn't be looked at, and need not be wrong
)

// whyPatience bounds what one stage waits for.
const whyPatience = 5 * time.Second

func why(ctx context.Context, env *cli.Env, name string) error {
	w := &walk{env: env, report: whyReport{Name: name, Stages: []whyStage{}}}
	if err := w.readName(name); err != nil {
		return err
	}
	if !env.Machine() && env.Form != "raw" {
		fmt.Fprintf(env.Out, "%s\n\n", name)
	}
	bounded, cancel := env.Bounded(ctx)
	defer cancel()
	for _, s := range []struct {
		name string
		look func(context.Context) finding
	}{
		{"nats", w.connect},
		{"permissions", w.permissions},
		{"binder", w.binder},
		{"record", w.record},
		{"lease", w.lease},
		{"may call", w.mayCall},
		{"subscribers", w.subscribers},
		{"probe", w.probe},
	} {
		if bounded.Err() != nil {
			w.late = true
			break
		}
		w.pass(bounded, s.name, s.look)
	}
	if w.nc != nil {
		w.nc.Close()
	}
	return w.end(ctx)
}

// finding is what a stage found.
type finding struct {
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

// failed is a failure that ends in what to do next.
func failed(exit int, next string, err error) finding {
	text := err.Error()
	if e, ok := err.(*helium.Error); ok {
		text = e.Message // it stands in a walk along one method: no need to name that
	}
	if !cli.IsSomebodysWord(err) {
		text = cli.InOurWords(text)
	}
	return finding{status: statusFailed, text: text, next: next, err: cli.Fail(exit, next, err)}
}

// pass takes one stage.
func (w *walk) pass(ctx context.Context, name string, look func(context.Context) finding) {
	ctx, cancel := context.WithTimeout(ctx, whyPatience)
	defer cancel()
	began := time.Now()
	f := look(ctx)
	took := time.Since(began)
	s := whyStage{Stage: name, Status: f.status, TookMS: amount.InMS(took), Found: f.text}
	w.report.Stages = append(w.report.Stages, s)
	if w.problem == nil {
		w.problem = f.err
	}
	if !w.env.Machine() && w.env.Form != "raw" {
		printFinding(w.env, s.Status, s.Stage, amount.Time(took), s.Found)
	}
}

// printFinding writes a line: its status, what was looked at, how long that took.
func printFinding(env *cli.Env, status, what, took, text string) {
	if status == statusSkipped {
		took = ""
	}
	fmt.Fprint(env.Out, "  ")
	env.Out.Styled(statusStyles[status], fmt.Sprintf("%-8s", status))
	fmt.Fprintf(env.Out, " %-12s %8s  %s\n", what, took, visible.Line(text))
}

var statusStyles = map[string]terminal.Style{
	statusOK: terminal.Green, statusWarning: terminal.Yellow, statusFailed: terminal.Red, statusSkipped: terminal.Faint,
}

// end says what it all comes to.
func (w *walk) end(ctx context.Context) error {
	env := w.env
	if w.problem == nil && w.late {
		w.problem = cli.Fail(cli.ExitDeadline, shell.Line("helium", "why", w.report.Name, "--timeout", "1m"), errors.New("the time was over before the end of the way"))
	}
	if w.problem != nil {
		f := env.Judge(ctx, w.problem)
		w.report.Exit, w.report.Next = f.Exit, f.Hint
	} else {
		w.report.OK, w.report.Next = true, w.tryIt()
	}
	verdict := "failed"
	if w.report.OK {
		verdict = "ok"
	}
	err := env.Show(w.report, verdict, func() {
		fmt.Fprintln(env.Out)
		if w.report.OK {
			fmt.Fprintf(env.Out, "%s.%s can be called. Nothing was run.\n  next      %s\n", w.service, w.method, visible.Line(w.report.Next))
		}
	})
	if w.problem != nil {
		return w.problem
	}
	return err
}

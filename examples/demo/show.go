package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/examples/internal/expr"
	"github.com/helium-rpc/helium/mathsvc"
)

// table prints a heading and aligns what is written in columns, until it is flushed.
func table(out io.Writer, heading string) *tabwriter.Writer {
	fmt.Fprintf(out, "%s\n\n", heading)
	return tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
}

// showService prints what the binder knows of the service.
func showService(ctx context.Context, sys *system, out io.Writer) error {
	// A list is complete; a lookup may be a moment behind the last registration.
	records, err := sys.registry.List(ctx)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return errors.New("the binder knows no service, though two servers have started")
	}
	w := table(out, "The service, as the binder knows it")
	for _, record := range records {
		fmt.Fprintf(w, "  %s\tversion %s\tinstance %s\n", record.Service, record.Version, record.Instance)
	}
	w.Flush()
	fmt.Fprintln(out)
	for _, method := range records[0].Methods {
		fmt.Fprintf(out, "  %s\n", method.Signature)
	}
	return nil
}

// showExpressions evaluates, and prints how many calls each expression took.
func showExpressions(ctx context.Context, sys *system, trees []*expr.Tree, out io.Writer) error {
	w := table(out, "\nExpressions: each operator is a call")
	var faults []error
	for _, tree := range trees {
		before := sys.client.Stats()
		result, err := tree.Eval(ctx, sys.math)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", tree, err))
			why := err.Error()
			if e, ok := errors.AsType[*helium.Error](err); ok {
				why = e.Code.String() + ": " + e.Message
			}
			fmt.Fprintf(w, "  %s\tfailed: %s\n", tree, why)
			continue
		}
		fmt.Fprintf(w, "  %s\t= %s\t%s\n", tree, expr.Format(result), count(sys.client.Stats().Calls-before.Calls, "call"))
	}
	w.Flush()
	return errors.Join(faults...)
}

// showError prints what a caller can learn from an error.
func showError(ctx context.Context, sys *system, out io.Writer) error {
	_, err := sys.math.Div(ctx, 1, 0)
	if err == nil {
		return errors.New("1 / 0 gave no error")
	}
	e := helium.AsError(err)
	w := table(out, "\nA division by zero, as its caller sees it")
	fmt.Fprintf(w, "  call\tmath.Div(ctx, 1, 0)\n")
	fmt.Fprintf(w, "  error\t%v\n", err)
	fmt.Fprintf(w, "  code\t%s\n", e.Code)
	fmt.Fprintf(w, "  reason\t%s\n", e.Reason)
	fmt.Fprintf(w, "  message\t%s\n", e.Message)
	fmt.Fprintf(w, "  outcome\t%s\n", e.Outcome)
	fmt.Fprintf(w, "  errors.Is\t%v for mathsvc.ErrDivisionByZero\n", errors.Is(err, mathsvc.ErrDivisionByZero))
	return w.Flush()
}

// showSharing lets many callers call at once, and prints which instance ran how many
// calls and how many messages they took.
func showSharing(ctx context.Context, sys *system, out io.Writer) error {
	const callers, each = 50, 20
	ran := make([]uint64, len(sys.servers))
	for i, s := range sys.servers {
		ran[i] = s.ran.Load()
	}
	before := sys.client.Stats()

	var all sync.WaitGroup
	faults := make([]error, callers)
	for i := range callers {
		all.Go(func() {
			for range each {
				if _, faults[i] = sys.math.Add(ctx, float64(i), 1); faults[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(faults...); err != nil {
		return err
	}

	w := table(out, fmt.Sprintf("\n%d callers at once: the instances share their calls", callers))
	for i, s := range sys.servers {
		fmt.Fprintf(w, "  instance %s\tran %d\n", s.Instance(), s.ran.Load()-ran[i])
	}
	w.Flush()

	after := sys.client.Stats()
	w = table(out, "\nCalls made at once share messages")
	fmt.Fprintf(w, "  one by one\t%s\t%s\n", count(before.FramesSent, "call"), count(before.MessagesSent, "message"))
	fmt.Fprintf(w, "  at once\t%s\t%s\n", count(after.FramesSent-before.FramesSent, "call"), count(after.MessagesSent-before.MessagesSent, "message"))
	return w.Flush()
}

// count writes a number with its noun.
func count(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Client calls the service "math": the four of its seven methods that aren't streams, or those
// of the expressions that it gets as arguments or, one a line, on standard input.
//
//	go run ./examples/client -url nats://127.0.0.1:4222
//	go run ./examples/client '(1 + 2) * 3' '7 / 2'
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/examples/internal/expr"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("client", flag.ContinueOnError)
	flags.SetOutput(stderr)
	url := flags.String("url", "", "`address` of the broker (default $NATS_URL, then "+bus.DefaultURL+")")
	wait := flags.Duration("wait", 10*time.Second, "how long to wait for the broker, and for the service")
	busOnly := flags.Bool("bus-only", false, "call by the broker alone, also where an instance can be called directly")
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: client [flags] [--] [expression ...]\n\n"+
			"-- is for expressions that begin with a minus sign.\n\n")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	trees, err := expr.Read(ctx, flags.Args(), stdin, stderr)
	if err == nil {
		err = call(ctx, *url, *wait, *busOnly, trees, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "client:", err)
		return 1
	}
	return 0
}

// call connects, and prints the value of each expression, or of each method if there
// are none.
func call(ctx context.Context, url string, wait time.Duration, busOnly bool, trees []*expr.Tree, stdout, stderr io.Writer) error {
	connecting, cancel := context.WithTimeoutCause(ctx, wait,
		fmt.Errorf("no broker within %v; start one with: go run ./examples/binder", wait))
	defer cancel()
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	nc, err := bus.Connect(connecting, bus.Config{URL: url, Name: "math-client", Wait: true, Logger: logger})
	if err != nil {
		return err
	}
	defer nc.Close()
	c, err := rpcclient.New(nc, rpcclient.Config{BusOnly: busOnly, Interceptors: []rpcclient.Interceptor{waiting(wait, stderr)}})
	if err != nil {
		return err
	}
	defer c.Close()

	math := mathsvc.NewClient(c)
	if len(trees) == 0 {
		return callAll(ctx, math, stdout)
	}
	var faults []error
	for _, tree := range trees {
		result, err := tree.Eval(ctx, math)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", tree, err))
			if isUnreachable(err) || ctx.Err() != nil {
				break // the others would wait as long and fail as well
			}
			continue
		}
		fmt.Fprintf(stdout, "%s = %s\n", tree, expr.Format(result))
	}
	return errors.Join(faults...)
}

// callAll calls each method once.
func callAll(ctx context.Context, math mathsvc.Service, stdout io.Writer) error {
	const a, b = 7, 2
	for _, method := range []struct {
		name string
		call func(ctx context.Context, a, b float64) (float64, error)
	}{
		{"add", math.Add}, {"sub", math.Sub}, {"mul", math.Mul}, {"div", math.Div},
	} {
		result, err := method.call(ctx, a, b)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%s(%v, %v) = %v\n", method.name, a, b, result)
	}
	return nil
}

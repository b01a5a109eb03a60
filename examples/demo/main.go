// Demo is all of Helium in one process: an embedded broker, the registry, two servers
// of one service, and a client that evaluates arithmetic on them. Each operator is a
// remote call.
//
//	go run ./examples/demo
//	go run ./examples/demo '(1 + 2) * 3' '7 / 2'
//	echo '2 * (3 - 0.5)' | go run ./examples/demo
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/helium-rpc/helium/examples/internal/expr"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// examples are evaluated where nobody asks for anything else.
var examples = []string{"1 + 2 * 3", "(1 + 2) * 3", "2 * (3 - 0.5) / 4", "-7 / 2"}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	trees, err := expr.Read(ctx, args, stdin, stderr)
	if err == nil && len(trees) == 0 {
		trees, err = expr.Read(ctx, examples, nil, stderr)
	}
	if err == nil {
		// What happens is shown; only trouble is left for the log.
		logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		err = demo(ctx, trees, stdout, logger)
	}
	if err != nil {
		fmt.Fprintln(stderr, "demo:", err)
		return 1
	}
	return 0
}

// demo starts the system and shows it at work. An expression that fails, such as 1/0,
// doesn't keep the rest from being shown; its error is returned in the end.
func demo(ctx context.Context, trees []*expr.Tree, out io.Writer, logger *slog.Logger) (err error) {
	sys, err := start(ctx, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.stop()) }()

	if err := showService(ctx, sys, out); err != nil {
		return err
	}
	failed := showExpressions(ctx, sys, trees, out)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := showError(ctx, sys, out); err != nil {
		return errors.Join(failed, err)
	}
	return errors.Join(failed, showSharing(ctx, sys, out))
}

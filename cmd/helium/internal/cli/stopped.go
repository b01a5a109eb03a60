package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// A stopped is why a context is over: a signal asked for it.
type stopped struct{ by os.Signal }

func (s stopped) Error() string { return "stopped by the signal: " + s.by.String() }

// untilStopped returns a context that ends with Ctrl-C or a SIGTERM. A second one ends the
// program at once.
func untilStopped(parent context.Context) (ctx context.Context, stop func()) {
	ctx, end := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			end(stopped{s})
		case <-ctx.Done():
			signal.Stop(signals)
		}
	}()
	return ctx, func() { end(nil) }
}

// exitOfStop returns the code of a command whose context was over before it was done.
func exitOfStop(ctx context.Context) int {
	if s, ok := errors.AsType[stopped](context.Cause(ctx)); ok && s.by == syscall.SIGTERM {
		return ExitTerminated
	}
	return ExitInterrupted
}

package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/helium-rpc/helium"
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

// saidOfStop returns what is said of the error of a command whose context was over before it was done: that it was
// stopped, in place of what that did to whatever was under way. What a call had come to stays, as whether it may have
// run.
func saidOfStop(ctx context.Context, err error) error {
	said := "interrupted before it was done"
	if exitOfStop(ctx) == ExitTerminated {
		said = "terminated before it was done"
	}
	e, ok := errors.AsType[*helium.Error](err)
	_, signalled := errors.AsType[stopped](err)
	switch {
	case !signalled && !errors.Is(err, context.Canceled) && !(ok && e.Code == helium.CodeCanceled):
		return err // it had come to that before, or says what the stop led to
	case !ok || e.Service == "":
		return errors.New(said)
	}
	stop := helium.ErrCanceled.WithMessage("%s", said).WithOutcome(e.Outcome)
	stop.Service, stop.Method, stop.Instance = e.Service, e.Method, e.Instance
	return stop
}

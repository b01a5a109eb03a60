package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
)

// shareOf returns how long each of n instances may take, so that those which don't answer leave the
// others time.
func shareOf(ctx context.Context, n int) time.Duration {
	return left(ctx) / time.Duration(rounds(n))
}

// left is the time until ctx is over.
func left(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Hour
	}
	return time.Until(deadline)
}

// rounds is how often as many are asked as can be at once, until n have been.
func rounds(n int) int { return max(1, (n+probe.AtOnce-1)/probe.AtOnce) }

// cutShort is why nothing can be said of who didn't answer until the end of ctx, which came after so long
// at most; nil: it is silent.
func cutShort(ctx context.Context, given time.Duration) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return errors.New("stopped before an answer came")
	case ctx.Err() != nil && given < cli.TimeToTell:
		return fmt.Errorf("%w: no answer within the %v that were left; give a longer --timeout", cli.ErrTooShort, amount.Time(max(0, given)))
	}
	return nil
}

// enoughFor returns a --timeout that leaves each of n time to answer.
func enoughFor(n int) string {
	return amount.Exact(max(10*time.Second, 2*cli.TimeToTell*time.Duration(rounds(n))))
}

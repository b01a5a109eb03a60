package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

// waiting makes each call wait for a service that isn't there yet, or not at the
// moment, so that server and client can be started in any order. It is safe for any
// method: a call is made again only if it is certain that it didn't run.
func waiting(limit time.Duration, stderr io.Writer) rpcclient.Interceptor {
	const pause = 100 * time.Millisecond
	return func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error {
			start, said := time.Now(), false
			for {
				err := next(ctx, call)
				switch {
				case helium.CodeOf(err) == helium.CodeCanceled && ctx.Err() != nil:
					return context.Cause(ctx) // it knows more, such as which signal came
				case err == nil || !isUnreachable(err):
					return err
				}
				if time.Since(start)+pause > limit {
					return fmt.Errorf("%w; nobody came within %v: start go run ./examples/server", err, limit)
				}
				if !said {
					said = true
					fmt.Fprintf(stderr, "waiting for the service %q: %v\n", call.Service(), err)
				}
				select {
				case <-time.After(pause):
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		}
	}
}

// isUnreachable reports whether a call found nobody to run it: no binder, no such
// service, or no instance.
func isUnreachable(err error) bool {
	code := helium.CodeOf(err)
	return helium.OutcomeOf(err) == helium.NotExecuted && (code == helium.CodeUnavailable || code == helium.CodeNotFound)
}

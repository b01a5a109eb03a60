package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

func newServeCommand(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve an example service",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newServeMathCommand(env))
	return cmd
}

func newServeMathCommand(env *cli.Env) *cobra.Command {
	var delay time.Duration
	var at listenFlags
	cmd := &cobra.Command{
		Use:   "math",
		Short: "Serve arithmetic as the service math",
		Long: `Serve arithmetic as the service math, until Ctrl-C; then finish what runs.

It waits for a NATS server and a binder. Start it several times for several instances.

With --listen, callers that can reach it there send their calls direct, and by the bus
before that and wherever it doesn't work.`,
		Example: `  helium serve math
  helium serve math --listen 127.0.0.1:0
  helium serve math --listen :7001 --advertise math-1.example.com:7001`,
		Args: cli.Words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if delay < 0 {
				return cli.Fail(cli.ExitUsage, "", fmt.Errorf("--delay %v: give a time such as 50ms, or 0s for none", delay))
			}
			if err := at.check(); err != nil {
				return err
			}
			nc, err := env.DialWaiting(ctx, "helium serve math")
			if err != nil {
				return cli.UnlessStopped(ctx, err)
			}
			defer nc.Close()
			// Start waits for a binder for as long as its context lasts, if it has an end.
			start, cancel := context.WithTimeout(ctx, startTimeout)
			defer cancel()
			srv, err := serveMath(start, env, nc, at, delay)
			if err != nil {
				return cli.UnlessStopped(ctx, err)
			}
			env.Announce(onlineServer{Service: "math", Instance: srv.Instance()}, srv.Instance(), func() {
				fmt.Fprintf(env.Out, ">> Server Online! (%s)\n", srv.Instance())
			})
			return serveUntilStopped(ctx, env, nc, srv)
		},
	}
	cmd.Flags().DurationVar(&delay, "delay", 0, "how long each call takes, to watch some at work")
	at.register(cmd.Flags())
	return cmd
}

// serveUntilStopped serves until ctx ends, and then finishes what runs. Its error is that of an end
// which isn't a clean one: calls were cut, or the connection is lost for good, which says more.
func serveUntilStopped(ctx context.Context, env *cli.Env, nc *nats.Conn, srv *rpcserver.Server) error {
	lost := env.ServeOn(ctx, nc)
	err := srv.Shutdown(context.WithoutCancel(ctx))
	return cmp.Or(lost, err)
}

// startTimeout is how long what serves waits for a server and a binder.
const startTimeout = time.Hour

// onlineServer is what "helium serve math -o json" prints once it can be called.
type onlineServer struct {
	Service  string `json:"service"`
	Instance string `json:"instance"`
}

// startServer starts a service, as serveMath does. The caller shuts it down.
type startServer func(ctx context.Context, env *cli.Env, nc *nats.Conn, at listenFlags, delay time.Duration) (*rpcserver.Server, error)

// serveMath starts the example service.
func serveMath(ctx context.Context, env *cli.Env, nc *nats.Conn, at listenFlags, delay time.Duration) (*rpcserver.Server, error) {
	srv := rpcserver.New(nc, rpcserver.Config{
		Prefix:       env.Connection.Prefix,
		Version:      "1.0.0",
		Listen:       at.listen,
		Advertise:    at.advertise,
		Logger:       env.Logger(),
		Interceptors: []rpcserver.Interceptor{delayed(delay)},
	})
	if err := mathsvc.Register(srv, "math", mathsvc.New()); err != nil {
		return nil, err
	}
	return srv, srv.Start(ctx)
}

// delayed makes each call take some time, or as long as its caller waits.
func delayed(delay time.Duration) rpcserver.Interceptor {
	return func(next rpcserver.Handler) rpcserver.Handler {
		if delay <= 0 {
			return next
		}
		return func(ctx context.Context, call *rpcserver.Call) error {
			select {
			case <-time.After(delay):
			case <-ctx.Done():
				return ctx.Err()
			}
			return next(ctx, call)
		}
	}
}

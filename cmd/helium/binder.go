package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/visible"
)

func newBinderCommand(env *cli.Env) *cobra.Command {
	config := binder.Config{}
	cmd := &cobra.Command{
		Use:   "binder",
		Short: "Run a binder, the registry of services, on a NATS server with JetStream",
		Long: `Run a binder, the registry of services, on a NATS server with JetStream.

It waits for the server, and prints what comes and goes. Any number of binders may
run; they share one bucket. One that is there already keeps its lease and stays in memory
or in files; where flags ask for something else, that is told with what to do. It is given
more replicas, never fewer.`,
		Args: cli.Words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if err := checkBinderFlags(config); err != nil {
				return err
			}
			nc, err := env.DialWaiting(ctx, "helium binder")
			if err != nil {
				return cli.UnlessStopped(ctx, err)
			}
			defer nc.Close()
			// What nobody asked for is no opinion about a bucket that is there.
			if !cmd.Flags().Changed("lease") {
				config.Lease = 0
			}
			if !cmd.Flags().Changed("replicas") {
				config.Replicas = 0
			}
			reg, greeted, err := startBinder(ctx, env, nc, config)
			if err != nil {
				return cli.UnlessStopped(ctx, err)
			}
			defer reg.Close()
			url := nc.ConnectedUrlRedacted()
			env.Announce(onlineAt{URL: url}, url, func() { fmt.Fprintf(env.Out, "Binder Online at %s\n", url) })
			greeted()
			return env.ServeOn(ctx, nc)
		},
	}
	cmd.Flags().DurationVar(&config.Lease, "lease", 30*time.Second, "how long a killed server stays registered")
	cmd.Flags().IntVar(&config.Replicas, "replicas", 1, "on how many servers of a cluster the registry is kept: 1, 3 or 5")
	cmd.Flags().IntVar(&config.MaxInstances, "max-instances", 10_000, "how many instances a service may have")
	cmd.Flags().BoolVar(&config.Memory, "memory", false, "keep the registry in memory, not in files")
	return cmd
}

// checkBinderFlags refuses what no binder can do, before one waits for a server.
func checkBinderFlags(config binder.Config) error {
	switch {
	case config.Lease < time.Second:
		return cli.Fail(cli.ExitUsage, "", fmt.Errorf("--lease %v: give 1s or more; JetStream can't expire records faster", config.Lease))
	case config.Replicas != 1 && config.Replicas != 3 && config.Replicas != 5:
		return cli.Fail(cli.ExitUsage, "", fmt.Errorf("--replicas %d: give 1, 3 or 5", config.Replicas))
	case config.MaxInstances < 1:
		return cli.Fail(cli.ExitUsage, "", fmt.Errorf("--max-instances %d: give 1 or more", config.MaxInstances))
	}
	return nil
}

// startBinder starts a binder that prints what comes and goes, but not before greeted
// is called, so that the greeting stands first. Calling it again does nothing. What never
// gets to greet prints nothing.
func startBinder(ctx context.Context, env *cli.Env, nc *nats.Conn, config binder.Config) (reg *binder.Binder, greeted func(), err error) {
	open, failed := make(chan struct{}), make(chan struct{})
	greeted = sync.OnceFunc(func() { close(open) })
	mayPrint := func() bool {
		select {
		case <-open:
			return true
		default:
		}
		select {
		case <-open:
			return true
		case <-failed:
		case <-ctx.Done():
		}
		return false
	}
	config.Prefix = env.Connection.Prefix
	config.Logger = env.Logger()
	config.OnEvent = func(event binder.Event) {
		if !mayPrint() {
			return
		}
		env.Announce(event, event.Record.String(), func() {
			fmt.Fprintf(env.Out, "%-10s  %s\n", visible.Line(string(event.Kind)), visible.Line(event.Record.String()))
		})
	}
	reg, err = binder.Start(ctx, nc, config)
	if err != nil {
		close(failed)
		return nil, nil, err
	}
	return reg, greeted, nil
}

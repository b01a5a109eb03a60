package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/rpcserver"
)

// stuck is a service whose call neither ends nor heeds its context, until it is let go.
type stuck struct{ entered, leave chan struct{} }

func (s stuck) Add() {
	close(s.entered)
	<-s.leave
}

func TestDevTellsThatCallsWereCutWhenItIsInterrupted(t *testing.T) {
	service := stuck{make(chan struct{}), make(chan struct{})}
	var out, errs lockedBuffer
	var srv *rpcserver.Server
	calling := make(chan error, 1)
	serve := func(ctx context.Context, _ *cli.Env, nc *nats.Conn, _ listenFlags, _ time.Duration) (*rpcserver.Server, error) {
		srv = rpcserver.New(nc, rpcserver.Config{DrainTimeout: time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
		if err := rpcserver.Register(srv, "math", service); err != nil {
			return nil, err
		}
		if err := srv.Start(ctx); err != nil {
			return nil, err
		}
		go func() {
			_, err := nc.Request("helium.call.math.add", []byte("[]"), testPatience)
			calling <- err
		}()
		return srv, nil
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, func(env *cli.Env) *cobra.Command {
			root := &cobra.Command{Use: "helium", SilenceErrors: true, SilenceUsage: true}
			root.AddCommand(devCommand(env, serve))
			return root
		}, []string{"dev", "--listen", "127.0.0.1:0"}, strings.NewReader(""), &out, &errs)
	}()
	select {
	case <-service.entered:
	case exit := <-ended:
		t.Fatalf("ended with %d before it was called:\n%s", exit, errs.String())
	case err := <-calling:
		t.Fatalf("the call ended before it ran: %v", err)
	}
	interrupt()
	if exit := <-ended; exit != cli.ExitInterrupted || !strings.Contains(errs.String(), "cut") {
		t.Errorf("exit %d, want %d, and how many calls were cut:\n%s", exit, cli.ExitInterrupted, errs.String())
	}
	close(service.leave)
	if err := <-calling; err != nil {
		t.Errorf("the call got no answer: %v", err)
	}
}

// Server serves arithmetic as the service "math" and prints each request.
//
//	go run ./examples/server -url nats://127.0.0.1:4222
//	go run ./examples/server -listen 127.0.0.1:0
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
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(stderr)
	url := flags.String("url", "", "`address` of the broker (default $NATS_URL, then "+bus.DefaultURL+")")
	delay := flags.Duration("delay", 0, "how long each request takes, to watch some at work")
	listen := flags.String("listen", "", "`addresses` where callers may call direct, without the broker in between: host:port, with port 0 for a free one, or unix: and a path (default: nowhere)")
	advertise := flags.String("advertise", "", "`addresses` that callers dial, where those of -listen aren't what leads there")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "server: takes no arguments, got %q; see -h for the flags\n", flags.Args())
		return 2
	}
	math := printed{math: mathsvc.New(), delay: *delay, out: stdout}
	config := rpcserver.Config{Version: "1.0.0", Listen: *listen, Advertise: *advertise}
	if err := serve(ctx, *url, config, math, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "server:", err)
		return 1
	}
	return 0
}

// startTimeout is how long the server waits for a broker and a binder.
const startTimeout = time.Hour

// serve serves math until ctx ends and the requests that run by then are finished.
func serve(ctx context.Context, url string, config rpcserver.Config, math mathsvc.Service, stdout, stderr io.Writer) error {
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	start, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	nc, err := bus.Connect(start, bus.Config{URL: url, Name: "math-server", Wait: true, Logger: logger})
	if err != nil {
		return unlessStopped(ctx, err)
	}
	defer nc.Close()

	config.Logger = logger
	srv := rpcserver.New(nc, config)
	// Adding twice does no harm, so a call that got lost may be made again.
	again := rpcserver.Idempotent("add", "sub", "mul", "div")
	if err := rpcserver.Register(srv, "math", math, again); err != nil {
		return err
	}
	if err := srv.Start(start); err != nil {
		return unlessStopped(ctx, err)
	}
	fmt.Fprintf(stdout, ">> Server Online! (%s)\n", srv.Instance())

	<-ctx.Done()
	fmt.Fprintln(stdout, ">> Server Stopping")
	return srv.Shutdown(context.WithoutCancel(ctx))
}

// unlessStopped drops the error of a start that Ctrl-C ended.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

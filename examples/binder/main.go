// Binder is a broker and the registry in one process: what servers and clients need
// to find each other.
//
//	go run ./examples/binder -listen 127.0.0.1:4222
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

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("binder", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:4222", "`address` of the broker; port 0 takes a free one")
	lease := flags.Duration("lease", 30*time.Second, "how long a killed server stays registered")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "binder: takes no arguments, got %q; see -h for the flags\n", flags.Args())
		return 2
	}
	if err := serve(ctx, *listen, *lease, stdout, stderr); err != nil && ctx.Err() == nil {
		fmt.Fprintln(stderr, "binder:", err)
		return 1
	}
	return 0
}

// serve runs the broker and the binder until ctx ends.
func serve(ctx context.Context, listen string, lease time.Duration, stdout, stderr io.Writer) error {
	// What the registry does is printed; only trouble is left for the log.
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))

	b, err := broker.Start(ctx, broker.Config{Listen: listen, Logger: logger})
	if err != nil {
		return err
	}
	defer b.Close()
	nc, err := b.Connect("binder")
	if err != nil {
		return err
	}
	online := make(chan struct{}) // closed once the greeting is printed
	reg, err := binder.Start(ctx, nc, binder.Config{
		Lease:  lease,
		Logger: logger,
		OnEvent: func(event binder.Event) {
			<-online
			fmt.Fprintf(stdout, "%-10s  %s\n", event.Kind, event.Record)
		},
	})
	if err != nil {
		return err
	}
	defer reg.Close()
	fmt.Fprintf(stdout, "Binder Online at %s\n", b.URL())
	close(online)

	<-ctx.Done()
	fmt.Fprintln(stdout, "Binder Offline")
	return nil
}

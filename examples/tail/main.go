// Tail follows logs on several machines, here in one process: each log has an instance of its own,
// from which the lines come as a stream, as they are written.
//
//	go run ./examples/tail
//	go run ./examples/tail /var/log/syslog /var/log/auth.log
//
// Without logs it makes three that grow, and ends after some lines.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// someLines is how many are shown of each log that nobody asked for.
const someLines = 4

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, logs []string, stdout, stderr io.Writer) int {
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	tail, lines := follow, 0
	if len(logs) == 0 {
		tail, lines = followOwn, someLines
	}
	if err := tail(ctx, logs, lines, stdout, logger); err != nil && ctx.Err() == nil {
		fmt.Fprintln(stderr, "tail:", err)
		return 1
	}
	return 0
}

// followOwn follows logs that are written meanwhile.
func followOwn(ctx context.Context, _ []string, lines int, out io.Writer, logger *slog.Logger) (err error) {
	dir, err := os.MkdirTemp("", "logs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	writing, stop := context.WithCancel(ctx)
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	var logs []string
	for _, name := range []string{"web.log", "shop.log", "mail.log"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		logs = append(logs, path)
		writers.Go(func() { _ = write(writing, path) }) // what isn't written isn't shown
	}
	return follow(ctx, logs, lines, out, logger)
}

// follow serves each log by an instance of its own, and prints what they yield: so many lines of each, or
// with 0 until ctx ends.
func follow(ctx context.Context, logs []string, lines int, out io.Writer, logger *slog.Logger) (err error) {
	b, err := broker.Start(ctx, broker.Config{Logger: logger})
	if err != nil {
		return err
	}
	defer b.Close() // and every connection
	nc, err := b.Connect("binder")
	if err != nil {
		return err
	}
	reg, err := binder.Start(ctx, nc, binder.Config{Logger: logger})
	if err != nil {
		return err
	}
	defer reg.Close()
	var instances []string
	for _, path := range logs {
		if nc, err = b.Connect("logs"); err != nil {
			return err
		}
		srv := rpcserver.New(nc, rpcserver.Config{Logger: logger})
		if err := rpcserver.Register[Logs](srv, "logs", file(path)); err != nil {
			return err
		}
		if err := srv.Start(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, srv.Shutdown(context.WithoutCancel(ctx))) }()
		instances = append(instances, srv.Instance())
	}
	if nc, err = b.Connect("tail"); err != nil {
		return err
	}
	c, err := rpcclient.New(nc, rpcclient.Config{Logger: logger})
	if err != nil {
		return err
	}
	defer c.Close()
	return merge(ctx, c, instances, lines, out)
}

// merge prints the lines of all instances as they come, so many of each. Who has seen enough leaves the
// loop: that ends the stream, and the file is closed.
func merge(ctx context.Context, c *rpcclient.Client, instances []string, lines int, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type item struct {
		Line
		err error
	}
	items := make(chan item)
	var streams sync.WaitGroup
	for _, instance := range instances {
		streams.Go(func() {
			seen := 0
			for line, err := range rpcclient.Stream[Line](ctx, c.At(instance), "logs.tail") {
				select {
				case items <- item{line, err}:
				case <-ctx.Done():
					return
				}
				if seen++; seen == lines {
					break
				}
			}
		})
	}
	go func() {
		streams.Wait()
		close(items)
	}()
	for next := range items {
		if next.err != nil {
			return next.err
		}
		fmt.Fprintf(out, "%-8s  %s\n", next.Log, next.Text)
	}
	return nil
}

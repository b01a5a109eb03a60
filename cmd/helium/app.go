package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
	"github.com/helium-rpc/helium/rpcclient"
)

// app is what all subcommands share: the streams, and what the common flags said. It
// serves one run of the command and isn't used concurrently, but for its methods that
// connect.
type app struct {
	in       io.Reader
	out, err *terminal.Writer // all that is printed passes them

	connection connection
	output     output

	asked   string    // the service or method that the command line names, "" for none
	began   time.Time // of the command, then of its call; errors say how long it took
	running bool      // a subcommand began: flags and arguments were fine
	command string    // that runs, such as "helium gen go"

	serving atomic.Bool             // what is printed from now on is a log
	end     context.CancelCauseFunc // ends the command's context
}

func newApp(in io.Reader, out, err io.Writer) *app {
	a := &app{in: in, began: time.Now()}
	a.out = terminal.NewWriter(out, a.outputFailed)
	a.err = terminal.NewWriter(err, nil) // there is nowhere else to say it
	return a
}

// say tells the person at the terminal, not a program, something that isn't data.
func (a *app) say(format string, args ...any) {
	if !a.output.machine() {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

// logger is for what happens while no call waits for it, such as a lost connection.
func (a *app) logger() *slog.Logger { return a.loggerFrom(slog.LevelWarn) }

func (a *app) loggerFrom(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if err, ok := attr.Value.Any().(error); ok {
			attr.Value = slog.StringValue(inOurWords(err.Error()))
		} else if attr.Value.Kind() == slog.KindString && attr.Key != slog.MessageKey {
			attr.Value = slog.StringValue(inOurWords(attr.Value.String()))
		}
		return attr
	}}))
}

// dial connects to NATS as the flags say. The caller closes the connection. Errors are
// explained and end the command with exitNoBus, or with exitUsage where the flags
// contradict each other.
func (a *app) dial(ctx context.Context) (*nats.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, min(a.connection.timeout, longestDial))
	defer cancel()
	return a.connect(ctx, bus.Config{Name: "helium", Logger: a.logger()})
}

// dialWaiting is dial for what keeps running: it waits for a server, until ctx ends.
func (a *app) dialWaiting(ctx context.Context, name string) (*nats.Conn, error) {
	// Who watches wants to know that it waits, and for what.
	return a.connect(ctx, bus.Config{Name: name, Wait: true, Logger: a.loggerFrom(slog.LevelInfo)})
}

func (a *app) connect(ctx context.Context, cfg bus.Config) (*nats.Conn, error) {
	if err := a.connection.configure(&cfg); err != nil {
		return nil, err
	}
	nc, err := bus.Connect(ctx, cfg)
	switch {
	case err == nil:
		return nc, nil
	case isAboutFlags(err):
		return nil, fail(exitUsage, "", err)
	}
	return nil, fail(exitNoBus, connectHint(err), err)
}

// connectHint says which flags help, or where a broker comes from.
func connectHint(err error) string {
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return "helium doctor; or give --context, --creds, --nkey, --user with --password, or --token"
	case errors.Is(err, nats.ErrTLS):
		return "helium doctor; or give --tlsca, and --tlscert with --tlskey if the server asks for a certificate"
	case errors.Is(err, nats.ErrNoServers):
		return "helium doctor; or start a broker to try things: helium dev"
	}
	return "helium doctor"
}

// longestDial bounds connecting: a server that is there answers sooner.
const longestDial = 5 * time.Second

// client connects and returns a client for calls. done closes both.
func (a *app) client(ctx context.Context) (c *rpcclient.Client, nc *nats.Conn, done func(), err error) {
	nc, err = a.dial(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	c, err = rpcclient.New(nc, rpcclient.Config{
		Prefix: a.connection.prefix, Timeout: a.connection.timeout, Logger: a.logger(),
	})
	if err != nil {
		nc.Close()
		return nil, nil, nil, fail(exitUsage, "", err)
	}
	return c, nc, func() { _ = c.Close(); nc.Close() }, nil
}

// registry connects and returns a client of the binders. done closes the connection.
func (a *app) registry(ctx context.Context) (c *binder.Client, nc *nats.Conn, done func(), err error) {
	nc, err = a.dial(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	c, err = binder.NewClient(nc, a.connection.prefix)
	if err != nil {
		nc.Close()
		return nil, nil, nil, fail(exitUsage, "", err)
	}
	return c, nc, nc.Close, nil
}

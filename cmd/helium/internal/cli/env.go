package cli

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
	"github.com/helium-rpc/helium/internal/visible"
	"github.com/helium-rpc/helium/rpcclient"
)

// Env is what a subcommand is given: the streams, and what the common flags said. It
// serves one run of the command and isn't used concurrently, but for its methods that
// connect.
type Env struct {
	*Output
	In         io.Reader
	Connection *Connection

	Asked string    // the service or method that the command line names, "" for none
	Began time.Time // of the command, then of its call; errors say how long it took

	running bool                    // a subcommand began: flags and arguments were fine
	command string                  // that runs, such as "helium gen go"
	serving atomic.Bool             // what is printed from now on is a log
	end     context.CancelCauseFunc // ends the command's context
}

// NewEnv returns what a run of the command has. end ends the context of the run.
func NewEnv(in io.Reader, out, err io.Writer, end context.CancelCauseFunc) *Env {
	env := &Env{In: in, Connection: new(Connection), Began: time.Now(), end: end}
	env.Output = newOutput(out, err, env.outputFailed)
	return env
}

// outputFailed is told that standard output takes no more: its disk is full, or who read
// it left. What was to be printed is why most commands run, so they end. What serves has
// others who depend on it, and prints no more than a log.
func (env *Env) outputFailed(err error) {
	if errors.Is(err, terminal.ErrUnread) {
		return // it ends already
	}
	if env.serving.Load() && !readerLeft(err) {
		env.Logger().Error("standard output can't be written any more; serving goes on", "err", bareOutputError(err))
		return
	}
	env.end(err)
}

// Serve waits until what serves is stopped. It has said that it is there; what it prints
// from now on is a log.
func (env *Env) Serve(ctx context.Context) {
	env.serving.Store(true)
	<-ctx.Done()
}

// ServeOn is Serve for what serves on a connection, without which it is of no use. Its error is
// that nats.go has closed the connection for good, as it does where it doesn't understand what
// the server says; it ends the command with ExitNoBus.
func (env *Env) ServeOn(ctx context.Context, nc *nats.Conn) error {
	env.serving.Store(true)
	closed := nc.StatusChanged(nats.CLOSED)
	defer nc.RemoveStatusListener(closed)
	if !nc.IsClosed() {
		select {
		case <-closed:
		case <-ctx.Done():
			return nil
		}
	}
	why := ""
	if err := nc.LastError(); err != nil {
		why = fmt.Sprintf(" (%v)", err)
	}
	return Fail(ExitNoBus, "", fmt.Errorf("the connection to NATS is closed for good%s, so nothing is served any more; see that the server and all between is sound, and start this again", why))
}

// Logger is for what happens while no call waits for it, such as a lost connection.
func (env *Env) Logger() *slog.Logger { return newLogger(env.Output, slog.LevelWarn) }

// Warn tells what whoever reads the output has to know of it and can't see there: people by a line, and
// programs by a line of the log, in which what it is about stands in attributes as those of slog. The text is this
// command's, or somebody's who is heard in his own words.
func (env *Env) Warn(text string, attributes ...any) {
	if env.Machine() {
		asTheyAre := func(text string, _ error) string { return text }
		loggerSaying(asTheyAre, env.Output, slog.LevelWarn).Warn(text, attributes...)
		return
	}
	env.Say("%s", visible.Line(text))
}

// Bounded returns the context of a command that asks and ends: by --timeout.
func (env *Env) Bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, env.Connection.Timeout)
}

// longestDial bounds connecting: a server that is there answers sooner.
const longestDial = 5 * time.Second

// Dial connects to NATS as the flags say. The caller closes the connection. Errors are
// explained and end the command with ExitNoBus, or with ExitUsage where the flags
// contradict each other.
func (env *Env) Dial(ctx context.Context) (*nats.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, min(env.Connection.Timeout, longestDial))
	defer cancel()
	return connect(ctx, env.Connection, bus.Config{Name: "helium", Logger: env.Logger()})
}

// DialWaiting is dial for what keeps running: it waits for a server, until ctx ends.
func (env *Env) DialWaiting(ctx context.Context, name string) (*nats.Conn, error) {
	// Who watches wants to know that it waits, and for what.
	return connect(ctx, env.Connection, bus.Config{Name: name, Wait: true, Logger: newLogger(env.Output, slog.LevelInfo)})
}

// Client connects and returns a client for calls. done closes both.
func (env *Env) Client(ctx context.Context) (c *rpcclient.Client, nc *nats.Conn, done func(), err error) {
	nc, err = env.Dial(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	c, err = rpcclient.New(nc, rpcclient.Config{
		Prefix: env.Connection.Prefix, Timeout: env.Connection.Timeout, BusOnly: env.Connection.BusOnly, Logger: env.Logger(),
	})
	if err != nil {
		nc.Close()
		return nil, nil, nil, ClientFailure(err)
	}
	return c, nc, func() { _ = c.Close(); nc.Close() }, nil
}

// Registry connects and returns a client of the binders. done closes the connection.
func (env *Env) Registry(ctx context.Context) (c *binder.Client, nc *nats.Conn, done func(), err error) {
	nc, err = env.Dial(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	c, err = binder.NewClient(nc, env.Connection.Prefix)
	if err != nil {
		nc.Close()
		return nil, nil, nil, ClientFailure(err)
	}
	return c, nc, nc.Close, nil
}

// TooShort returns what is said in place of an error of NATS or a binder that had no time to answer, nil of any other.
func (env *Env) TooShort(err error) error {
	return tooShort(err, env.Connection.Timeout, withMoreTime(env.command, env.Asked))
}

// Judge gives an error its exit code, and a hint where it has none.
func (env *Env) Judge(ctx context.Context, err error) *Failure {
	if !env.running {
		return &Failure{Exit: ExitUsage, Hint: env.command + " --help", Err: err}
	}
	if ctx.Err() != nil {
		return &Failure{Exit: exitOfStop(ctx), Err: saidOfStop(ctx, err)}
	}
	if short := env.TooShort(err); short != nil {
		err = short
	}
	f := &Failure{Exit: ExitCodeOf(err), Err: err}
	if given, ok := errors.AsType[*Failure](err); ok {
		f.Hint = given.Hint
	}
	if f.Hint == "" {
		f.Hint = hintFor(f.Exit, env.command, env.Asked, err)
	}
	return f
}

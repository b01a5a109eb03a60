package diagnose

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
)

// access is what checks ask over. Each may use what those before found.
type access struct {
	env    *cli.Env
	nc     *nats.Conn    // nil: NATS can't be reached
	prober *probe.Prober // nil: likewise
	inbox  bool          // answers can come

	whenLost string // what to do when the connection gets lost
}

// connect reaches NATS.
func (a *access) connect(ctx context.Context) error {
	nc, err := a.env.Dial(ctx)
	if err != nil {
		return err
	}
	// What isn't permitted is looked for here, and told where it is found.
	nc.SetErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	a.nc = nc
	return nil
}

// close closes the connection, if there is one.
func (a *access) close() {
	if a.nc != nil {
		a.nc.Close()
	}
}

// openProber makes the prober, once there is a connection.
func (a *access) openProber() (err error) {
	a.prober, err = probe.New(a.nc, a.env.Connection.Prefix)
	return err
}

// registry returns a client of the binders.
func (a *access) registry() (*binder.Client, error) {
	return binder.NewClient(a.nc, a.env.Connection.Prefix)
}

// store returns the registry's bucket.
func (a *access) store() *store { return newStore(a.nc, a.prober, a.prober.Subjects()) }

// lost is the finding where NATS says no more.
func (a *access) lost(err error) finding {
	if outOfTime(err) {
		return failed(cli.ExitNoBus, a.whenLost, fmt.Errorf("NATS doesn't answer any more: %w", err))
	}
	return failed(cli.ExitNoBus, a.whenLost, fmt.Errorf("the connection was lost: %w", err))
}

// unreachable is the finding where there is no connection.
func unreachable() finding { return skipped("no connection") }

// maxInstances bounds how many instances are looked at one by one.
const maxInstances = 32

// lookedAt says how many of all were looked at, "" if all were.
func lookedAt(some, all int) string {
	if some >= all {
		return ""
	}
	return fmt.Sprintf("; %d of %d were looked at", some, all)
}

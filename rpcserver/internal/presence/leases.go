// Package presence has a server found: by its records in the registry, and on the subjects by which calls
// come. It knows nothing of calls.
//
//   - targets.go: which subjects those are, by the records
//   - subscriptions.go: the server's subscriptions to them, and what NATS refuses or drops of these
//   - leases.go: the records, which are registered and renewed, and end with the server
//   - grace.go: how long a server waits for others when it leaves
package presence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
)

// Leases keeps a server's services in the registry: registers each, renews each every
// third of its lease, and registers again when the registry has lost one. Until Start
// its fields are the starter's, then keep's, and once keep has returned End's.
type Leases struct {
	nc       *nats.Conn
	registry *binder.Client
	log      *slog.Logger
	instance string

	// Whoever makes leases sets these before Register. The first returns a record as it is to
	// stand in the registry now; the other is called before each renewal, and holds that up.
	Current       func(binder.Record) binder.Record
	BeforeRenewal func(ctx context.Context, reconnected bool)

	records    []binder.Record    // of the services
	every      time.Duration      // between two renewals
	registered bool               // whether there may be anything to end
	life       context.Context    // ends with stop
	stop       context.CancelFunc // called by End
	done       chan struct{}      // closed when keep has returned; nil if it never ran

	changed chan struct{}    // told when records say something else than those registered
	status  chan nats.Status // of the connection; nil until Watch
}

const (
	firstRetry  = 50 * time.Millisecond
	longRetry   = 2 * time.Second
	renewalTime = 5 * time.Second // how long one attempt may take

	// The bounds of renewEvery. No store has leases under a second.
	mostOften  = 200 * time.Millisecond
	leastOften = time.Hour
)

// NewLeases returns those of an instance. Register begins them.
func NewLeases(nc *nats.Conn, registry *binder.Client, log *slog.Logger, instance string) *Leases {
	l := &Leases{nc: nc, registry: registry, log: log, instance: instance, changed: make(chan struct{}, 1)}
	l.life, l.stop = context.WithCancel(context.Background())
	return l
}

// Watch takes note of reconnects from now on. It is called before anything is found out by the
// connection: what was true of the one before is looked at again as soon as Start is called.
func (l *Leases) Watch() { l.status = l.nc.StatusChanged(nats.CONNECTED) }

// Register registers every service, and waits for a binder while there is none.
func (l *Leases) Register(ctx context.Context, records []binder.Record) error {
	l.records = records
	select {
	case <-l.changed: // what is written now is new
	default:
	}
	waiting := false
	for retry := firstRetry; ; retry = min(2*retry, longRetry) {
		err := l.each(ctx, l.registerOne)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return unregistered(ctx, err)
		case !isAbsence(err):
			return fmt.Errorf("the services can't be registered: %w", err)
		}
		if !waiting {
			waiting = true
			l.log.Warn("waiting for a binder", "reason", err)
		}
		select {
		case <-time.After(jitter(retry)):
		case <-ctx.Done():
			return unregistered(ctx, err)
		}
	}
}

// unregistered returns the error of a start whose context ended, and what kept it.
func unregistered(ctx context.Context, reason error) error {
	if errors.Is(reason, ctx.Err()) {
		return fmt.Errorf("the services can't be registered: %w", reason)
	}
	return fmt.Errorf("the services weren't registered in time (%w): %w", ctx.Err(), reason)
}

// isAbsence reports whether an error may go away when a binder or a broker comes.
func isAbsence(err error) bool {
	for _, absent := range []error{helium.ErrNoBinder, helium.ErrNotConnected, helium.ErrNoBinderAnswer, helium.ErrStoreUnavailable, helium.ErrBinderBusy, context.DeadlineExceeded} {
		if errors.Is(err, absent) {
			return true
		}
	}
	return false
}

func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// each tries every service and returns the first error: what is wrong with one record
// mustn't let the lease of another end.
func (l *Leases) each(ctx context.Context, try func(context.Context, binder.Record) error) error {
	var first error
	for _, record := range l.records {
		err := try(ctx, record)
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return first
}

// registerOne writes a service's record. What was sent is waited for a moment longer, if ctx
// ends meanwhile: a record that is written after its server has left would stay for a lease.
func (l *Leases) registerOne(ctx context.Context, record binder.Record) error {
	ctx, cancel := WithGrace(ctx, ShortLeaveTime)
	defer cancel()
	lease, err := l.registry.Register(ctx, l.Current(record))
	if err != nil {
		l.registered = l.registered || helium.OutcomeOf(err) != helium.NotExecuted
		return err
	}
	l.every, l.registered = renewEvery(lease), true
	return nil
}

// Rewrite has all records written anew, soon.
func (l *Leases) Rewrite() {
	select {
	case l.changed <- struct{}{}:
	default: // it will be done already
	}
}

// renewEvery returns how often a lease is renewed: each third of it, but never so often
// that a binder that leases next to nothing makes the server flood the bus, and at least
// so often that a longer lease of a new binder is heard of.
func renewEvery(lease time.Duration) time.Duration {
	return min(max(lease/3, mostOften), leastOften)
}

// Start begins to renew what Register has registered.
func (l *Leases) Start() {
	l.done = make(chan struct{})
	go l.keep()
}

// renew asks for another lease, and registers anew what the registry doesn't know.
func (l *Leases) renew(ctx context.Context, record binder.Record) error {
	lease, err := l.registry.Renew(ctx, record.Service, l.instance)
	if errors.Is(err, helium.ErrUnknownInstance) {
		return l.registerOne(ctx, record)
	}
	if err != nil {
		return err
	}
	l.every = renewEvery(lease)
	return nil
}

// keep renews until End is called. After a reconnect it renews at once: the broker may
// have come back with an empty store.
func (l *Leases) keep() {
	defer close(l.done)
	failing, retry := false, firstRetry
	wait := l.every
	try := l.renew
	for {
		timer := time.NewTimer(wait)
		reconnected := false
		select {
		case <-l.life.Done():
			timer.Stop()
			return
		case <-l.status:
			timer.Stop()
			reconnected = true
		case <-l.changed:
			timer.Stop()
			try = l.registerOne // until it has worked
		case <-timer.C:
		}
		ctx, cancel := context.WithTimeout(l.life, renewalTime)
		l.BeforeRenewal(ctx, reconnected)
		err := l.each(ctx, try)
		cancel()
		if err == nil {
			try = l.renew
		}
		switch {
		case err == nil && failing:
			// As loudly as that it failed: whoever read that waits for this.
			l.log.Warn("registered again", "instance", l.instance)
			fallthrough
		case err == nil:
			failing, retry, wait = false, firstRetry, l.every
		default:
			if !failing && l.life.Err() == nil {
				failing = true
				l.log.Warn("the registration can't be renewed; calls go on, and it is tried again", "instance", l.instance, "reason", err)
			}
			wait = min(jitter(retry), l.every)
			retry = min(2*retry, longRetry)
		}
	}
}

// End stops the renewals and takes every service out of the registry, as far as a binder
// can be reached before ctx ends or a moment later: a lease that nobody renews ends by
// itself.
func (l *Leases) End(ctx context.Context) {
	ctx, cancel := WithGrace(ctx, ShortLeaveTime)
	defer cancel()
	l.stop()
	if l.done != nil {
		<-l.done
	}
	if l.status != nil {
		l.nc.RemoveStatusListener(l.status)
	}
	if !l.registered {
		return
	}
	err := l.withdraw(ctx)
	if err != nil && ctx.Err() != nil {
		// A binder that is slow may still write what it was asked to.
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), LeaveTime)
			defer cancel()
			_ = l.withdraw(ctx)
		}()
	}
	if err != nil {
		l.log.Warn("the registry couldn't be told of the departure; the lease will end by itself", "instance", l.instance, "reason", err)
	}
}

// withdraw takes every service out of the registry, until that fails.
func (l *Leases) withdraw(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, LeaveTime)
	defer cancel()
	for _, record := range l.records {
		if err := l.registry.End(ctx, record.Service, l.instance); err != nil {
			return err
		}
	}
	return nil
}

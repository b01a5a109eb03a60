package binder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// closeTimeout is how long Close waits for requests that are being answered. It is
// longer than they wait for the store.
const closeTimeout = 5 * time.Second

// failTime is the same where Start failed: nobody knows the binder yet, and Start is to
// return when its context ends.
const failTime = 100 * time.Millisecond

// noJetStreamGrace is how long Start doesn't believe that there is no JetStream: a
// server of a cluster that comes up may be connected to none that has it yet.
const noJetStreamGrace = time.Second

// A Binder serves the registry. Any number may run on the same bus; they share the
// bucket and the requests.
type Binder struct {
	nc       *nats.Conn
	config   Config
	subjects wire.Subjects
	bucket   *bucket
	catalog  *catalog
	fresh    *freshness
	desk     *desk
	refusals *refusals
	captors  shared[*helium.Error] // which stream answers in its place

	stop    context.CancelFunc
	running sync.WaitGroup // every goroutine of the binder
	closing sync.Once
}

// Start opens the registry's bucket, creating it if need be, reads it, and serves it
// until Close. When it returns, the binder can be reached. While JetStream has no
// leader, as when a cluster comes up, it waits, until ctx is over or for 15 s if ctx
// has no deadline. What waiting can't mend, it says at once. Errors: [helium.ErrNoJetStream],
// [helium.ErrStoreRefused], [helium.ErrStoreUnavailable], [helium.ErrNotBinder] where a JetStream stream would answer in
// its place, a Config that can't work.
//
// It doesn't close nc. The binder outlives ctx, and a reconnect of nc, and a restart of
// the NATS server.
func Start(ctx context.Context, nc *nats.Conn, config Config) (*Binder, error) {
	if nc == nil {
		return nil, errors.New("binder.Start: the connection is nil; pass one from bus.Connect or broker.Connect")
	}
	if ctx == nil {
		return nil, errors.New("binder.Start: the context is nil; pass context.Background()")
	}
	asked := config
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	subjects, err := wire.NewSubjects(config.Prefix)
	if err != nil {
		return nil, helium.ErrBadRegistryName.WithMessage("%w", helium.ConfigErrorf("binder", "{Config.Prefix}: %w", err))
	}
	store, err := newBucket(nc, subjects, config, asked)
	if err != nil {
		return nil, err
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startTimeout)
		defer cancel()
	}
	if err := openFirst(ctx, store); err != nil {
		return nil, err
	}

	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	b := &Binder{nc: nc, config: config, subjects: subjects, bucket: store, catalog: newCatalog(), stop: stop}
	b.fresh = newFreshness(life, store.ask, b.catalog, store.fallBehind, &b.running)
	b.captors = shared[*helium.Error]{ctx: life, ask: (&captors{nc: nc, js: store.js, subjects: subjects}).find, running: &b.running}
	b.desk = newDesk(life, b)
	b.refusals = listenForRefusals(b)
	tell := newTeller(nc, subjects, config)
	if tell.hook != nil {
		b.running.Go(func() { tell.run(life.Done()) })
	}
	f := &follower{nc: nc, bucket: store, catalog: b.catalog, tell: tell.tell, running: &b.running, loaded: make(chan struct{}), refused: make(chan error, 1),
		away: outage{logger: config.Logger, bucket: store.name}}
	b.running.Go(func() { f.run(life) })

	select {
	case <-f.loaded:
	case err := <-f.refused:
		b.close(failTime)
		return nil, err
	case <-ctx.Done():
		b.close(failTime)
		return nil, helium.ErrStoreUnavailable.WithMessage("the registry's bucket %q couldn't be read in time: %w", store.name, ctx.Err())
	}
	if err := b.refuseCaptured(ctx); err != nil {
		b.close(failTime)
		return nil, fmt.Errorf("binder: %w", err)
	}
	if err := b.desk.open(ctx); err != nil {
		b.close(failTime)
		return nil, fmt.Errorf("binder: can't subscribe to its subjects: %w", err)
	}
	services, instances := b.catalog.size()
	config.Logger.Info("binder online", "prefix", subjects.Prefix(), "bucket", store.name,
		"lease", store.leaseTime(), "services", services, "instances", instances)
	return b, nil
}

// openFirst opens the bucket and compares it with what was asked for. It waits where
// waiting can help.
func openFirst(ctx context.Context, store *bucket) error {
	began := time.Now()
	var refusal error // that is doubted, and since when
	var refused time.Time
	for {
		_, _, err := store.open(ctx)
		if err == nil {
			err = store.agree(ctx)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, nats.ErrConnectionClosed):
			return err
		case errors.Is(err, helium.ErrNoJetStream) && time.Since(began) < noJetStreamGrace:
		case errors.Is(err, helium.ErrStoreRefused) && verdictOn(err) == doubted:
			if refusal == nil {
				refused = time.Now()
			}
			refusal = err
			if time.Since(refused) >= doubtedGrace {
				return err
			}
		case errors.Is(err, helium.ErrStoreUnavailable):
		default:
			return err
		}
		select {
		case <-time.After(4 * storeRetry):
			continue
		case <-ctx.Done():
		}
		if refusal != nil {
			return refusal // says more than that the time is over
		}
		return err
	}
}

// Close stops serving: requests that came are answered, no new ones are taken. It
// leaves no goroutine behind, doesn't close the connection, and may be called twice.
func (b *Binder) Close() {
	if b == nil || b.stop == nil {
		return // Start didn't make it, so nothing runs
	}
	b.close(closeTimeout)
}

func (b *Binder) close(patience time.Duration) {
	b.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		b.desk.close(ctx)
		b.stop()
		b.running.Wait()
		b.refusals.close()
	})
}

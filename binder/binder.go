package binder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
	"github.com/helium-rpc/helium/internal/wire"
)

// closeTimeout is how long Close waits for requests that are being answered. It is
// longer than they wait for the store.
const closeTimeout = 5 * time.Second

// failTime is the same where Start failed: nobody knows the binder yet, and Start is to
// return when its context ends.
const failTime = 100 * time.Millisecond

// A Binder serves the registry. Any number may run on the same bus; they share the
// bucket and the requests.
//
//	bucket ─▶ replicator ─▶ catalog ─▶ reader ─▶ requestHandler ─▶ answers
//	   ▲           └──────▶ notifier ─▶ events         │
//	   └────────────────── writer ◀────────────────────┘
type Binder struct {
	bucket     *store.Bucket
	catalog    *catalog
	replicator *replicator
	events     *notifier
	captures   *captureGuard
	answers    *responder
	requests   *requestHandler

	life    context.Context // until stop
	stop    context.CancelFunc
	running sync.WaitGroup // every goroutine of the binder but the hook's
	hook    chan struct{}  // closed when no Config.OnEvent runs any more
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
	if err := headersMissing(nc); err != nil {
		return nil, fmt.Errorf("binder.Start: %w", err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("binder: %w", err)
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startTimeout)
		defer cancel()
	}
	bucket := store.New(nc, js, config.bucket(subjects.Prefix(), asked))
	if err := bucket.OpenFirst(ctx); err != nil {
		return nil, err
	}
	b := assemble(context.WithoutCancel(ctx), nc, js, subjects, bucket, config)
	if err := b.open(ctx); err != nil {
		b.close(failTime)
		return nil, err
	}
	services, instances := b.catalog.size()
	config.Logger.Info("binder online", "prefix", subjects.Prefix(), "bucket", bucket.Name(),
		"lease", bucket.LeaseTime(), "services", services, "instances", instances)
	return b, nil
}

// assemble makes a binder of its parts.
func assemble(ctx context.Context, nc *nats.Conn, js jetstream.JetStream, subjects wire.Subjects, bucket *store.Bucket, config Config) *Binder {
	b := &Binder{
		bucket: bucket, catalog: newCatalog(), events: newNotifier(nc, subjects, config), answers: newResponder(nc, config.Logger),
		hook: make(chan struct{}),
	}
	b.life, b.stop = context.WithCancel(ctx)
	b.replicator = newReplicator(nc, bucket, b.catalog, b.events.notify, config.Logger, &b.running)
	b.captures = newCaptureGuard(b.life, nc, js, subjects, &b.running)
	barrier := newReadBarrier(b.life, bucket.Ask, b.catalog, b.replicator.fallBehind, &b.running)
	reads := &reader{nc: nc, catalog: b.catalog, barrier: barrier}
	writes := &writer{
		nc: nc, subjects: subjects, bucket: bucket, catalog: b.catalog, barrier: barrier, captures: b.captures,
		maxRecord: config.MaxRecord, bounds: newBounds(b.catalog, config), log: config.Logger,
	}
	b.requests = newRequestHandler(b.life, nc, subjects, reads, writes, b.answers, &b.running)
	return b
}

// open reads the bucket and then takes requests.
func (b *Binder) open(ctx context.Context) error {
	go func() {
		defer close(b.hook)
		b.events.run(b.life.Done())
	}()
	b.running.Go(func() { b.replicator.run(b.life) })
	select {
	case <-b.replicator.loaded:
	case err := <-b.replicator.refused:
		return err
	case <-ctx.Done():
		return helium.ErrStoreUnavailable.WithMessage("the registry's bucket %q couldn't be read in time: %w", b.bucket.Name(), ctx.Err())
	}
	if err := b.captures.check(ctx); err != nil {
		return fmt.Errorf("binder: %w", err)
	}
	if err := b.requests.open(ctx); err != nil {
		return fmt.Errorf("binder: can't subscribe to its subjects: %w", err)
	}
	return nil
}

// Close stops serving: requests that came are answered, no new ones are taken. It
// leaves no goroutine behind, doesn't close the connection, and may be called twice.
// For a Config.OnEvent that doesn't return it waits up to 5 s, then leaves it behind.
func (b *Binder) Close() {
	if b == nil || b.stop == nil {
		return // Start didn't make it, so nothing runs
	}
	b.close(closeTimeout)
}

func (b *Binder) close(timeout time.Duration) {
	b.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		b.requests.close(ctx)
		b.stop()
		b.running.Wait()
		b.answers.close()
		select {
		case <-b.hook:
		case <-ctx.Done(): // it blocks, or it is the hook that closes the binder
		}
	})
}

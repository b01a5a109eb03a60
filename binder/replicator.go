package binder

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
)

const (
	// loadSilence is how long the bucket may send nothing while it is read from the start.
	loadSilence = 2 * time.Second
	// followRetry is the longest wait before the bucket is opened again.
	followRetry = 500 * time.Millisecond
	// checkInterval is how often the replicator asks whether it still hears everything. Until it knows
	// that it doesn't, lookups lack what has been registered since: nobody tells it that the member of a
	// cluster died which served its watch.
	checkInterval = 2 * time.Second
)

// A replicator keeps the catalog the same as the bucket. All its methods but fallBehind run
// on its own goroutine.
//
//	open the bucket, creating it if it is gone
//	read it from the start, compare            → catalog, events
//	take each change as it comes               → catalog, events
//	the watch ends, the connection was lost, the bucket is another one: again
//
// What was in the catalog and is no more in a bucket that had been out of reach isn't
// dropped at once, and the same holds for what expires within a lease after that; see
// lostRecords. So an outage, even of a store that forgets everything, doesn't empty the
// catalog.
type replicator struct {
	nc      *nats.Conn
	bucket  *store.Bucket
	catalog *catalog
	lost    *lostRecords
	notify  func(Event)
	log     *slog.Logger
	running *sync.WaitGroup // the binder's goroutines

	loaded  chan struct{} // closed when the bucket was read for the first time
	refused chan error    // gets why the store refused that, if it did for good; holds one
	behind  chan struct{} // gets a value when the catalog doesn't follow the bucket
	// last is what the last check saw, to tell a watch that stands still from one behind a bit.
	last struct{ told, seen uint64 }
}

func newReplicator(nc *nats.Conn, b *store.Bucket, c *catalog, notify func(Event), log *slog.Logger, running *sync.WaitGroup) *replicator {
	return &replicator{
		nc: nc, bucket: b, catalog: c, lost: newLostRecords(c, b.LeaseTime, notify), notify: notify, log: log, running: running,
		loaded: make(chan struct{}), refused: make(chan error, 1), behind: make(chan struct{}, 1),
	}
}

// fallBehind makes the replicator watch the bucket anew.
func (r *replicator) fallBehind() {
	select {
	case r.behind <- struct{}{}:
	default: // it was told already
	}
}

// run follows the bucket until ctx is over.
func (r *replicator) run(ctx context.Context) {
	reconnected := r.nc.StatusChanged(nats.CONNECTED)
	defer r.nc.RemoveStatusListener(reconnected)
	wait := store.Retry
	for ctx.Err() == nil {
		began := time.Now()
		err := r.follow(ctx, reconnected)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			if store.IsRefused(err) && !r.isLoaded() {
				select {
				case r.refused <- err: // Start returns it
				default:
				}
			} else {
				r.bucket.Lost(err)
			}
		}
		if err == nil || time.Since(began) > checkInterval {
			wait = store.Retry
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, followRetry)
		case <-reconnected:
		case <-ctx.Done():
		}
	}
}

// follow opens the bucket and follows it for as long as that works. It returns nil if
// the bucket has to be opened again though nothing failed.
func (r *replicator) follow(ctx context.Context, reconnected <-chan nats.Status) error {
	watch, err := r.bucket.Watch(ctx, r.running)
	if err != nil {
		return err
	}
	defer watch.Stop()
	if err := r.load(ctx, watch); err != nil {
		return err
	}
	r.bucket.Found()

	began := time.Now()
	checks := checks{ask: func() checked { return r.check(ctx) }, running: r.running, done: make(chan checked, 1)}
	interval := min(checkInterval, r.bucket.LeaseTime())
	check := time.NewTimer(interval)
	defer check.Stop()
	sweep := time.NewTicker(min(time.Second, r.bucket.LeaseTime()/4))
	defer sweep.Stop()
	for {
		select {
		case change, open := <-watch.Updates:
			if !open {
				return nil
			}
			if change != nil {
				r.apply(change, true)
			}
		case <-r.behind:
			if time.Since(began) > 2*catchUpTimeout { // else this watch is the remedy
				return nil
			}
		case now := <-sweep.C:
			if r.nc.IsConnected() {
				r.lost.sweep(now)
			}
		case <-reconnected:
			return nil
		case <-r.bucket.Missed():
			checks.begin()
		case <-check.C:
			checks.begin()
		case now := <-checks.done:
			checks.ended()
			if !r.isFollowed(ctx, now, watch.State) {
				return nil
			}
			next := interval
			if r.isBehind() { // perhaps for good
				next = min(next, catchUpTimeout)
			}
			check.Reset(next)
		case <-ctx.Done():
			return nil
		}
	}
}

// load reads the bucket as it is now and compares.
//
// That all is read is sometimes told too early: while records are written, and of a cluster whose
// watch reads from a member that is a bit behind. So load goes on until it has the last change that
// there was when the watch began. That may be gone, as markers age; then it waits for a while.
func (r *replicator) load(ctx context.Context, watch *store.Watch) error {
	first := !r.isLoaded()
	if !first {
		r.lost.forgive()
		if seen, _ := r.catalog.reached(); watch.State.Last < seen {
			r.catalog.rewind(watch.State.Last) // a bucket that wasn't made by us counts from 1
		}
	}
	present := make(map[string]struct{})
	told, reached := false, watch.State.Empty
	patience := loadSilence
	silence := time.NewTimer(patience)
	defer silence.Stop()
	for !told || !reached {
		select {
		case change, open := <-watch.Updates:
			switch {
			case !open:
				return helium.ErrStoreUnavailable.WithMessage("the watch on the registry's bucket ended before it had begun")
			case change == nil:
				told, patience = true, catchUpTimeout
			default:
				present[change.Key()] = struct{}{}
				r.apply(change, !first)
				reached = reached || change.Revision() >= watch.State.Last
			}
			silence.Reset(patience)
		case <-silence.C:
			if !told {
				return helium.ErrStoreUnavailable.WithMessage("the registry's bucket stopped sending records for %v", loadSilence)
			}
			reached = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for _, i := range r.catalog.all() {
		if _, there := present[i.key()]; !there && !i.lost {
			r.lost.keep(i)
		}
	}
	r.catalog.reread()
	r.catalog.advance(watch.State.Last)
	r.last.told, r.last.seen = 0, 0
	if first {
		close(r.loaded)
	}
	return nil
}

func (r *replicator) isLoaded() bool {
	select {
	case <-r.loaded:
		return true
	default:
		return false
	}
}

// apply brings one change of the bucket into the catalog, and tells it if asked to.
func (r *replicator) apply(change jetstream.KeyValueEntry, tell bool) {
	defer r.catalog.advance(change.Revision())
	service, name, _ := strings.Cut(change.Key(), ".")
	old := r.catalog.get(service, name)
	event := Event{Revision: change.Revision()}
	switch {
	case change.Operation() == jetstream.KeyValuePut:
		if old != nil && bytes.Equal(old.data, change.Value()) {
			r.catalog.put(old.renewed(change.Revision()))
			r.lost.forget(change.Key())
			return
		}
		record, err := parseRecord(change.Value())
		if err == nil && record.key() != change.Key() {
			err = helium.ErrBadRecord.WithMessage("it is the record of %q", record.key())
		}
		if err != nil {
			r.log.Warn("a key of the registry's bucket holds no record and is left out: "+change.Key(), "bucket", r.bucket.Name(), slog.Any("error", err))
			if old != nil && !old.lost {
				r.lost.keep(old)
			}
			return
		}
		r.catalog.put(newInstance(record, change.Value(), change.Revision()))
		r.lost.forget(change.Key())
		event.Kind, event.Record = Changed, *record
		if old == nil {
			event.Kind = Registered
		}
	case old == nil:
		return
	case change.Operation() == jetstream.KeyValueDelete:
		r.drop(old)
		event.Kind, event.Record = Ended, old.departed()
	case r.lost.excuse():
		r.lost.keep(old)
		return
	default:
		r.drop(old)
		event.Kind, event.Record = Expired, old.departed()
	}
	if tell {
		r.notify(event)
	}
}

func (r *replicator) drop(i *instance) {
	r.catalog.remove(i.service, i.name)
	r.lost.forget(i.key())
}

// checked is what a check of the bucket has found.
type checked struct {
	state store.State
	gone  bool // there is none
	err   error
}

// checks are made one at a time, on goroutines of their own: changes come meanwhile.
type checks struct {
	ask     func() checked
	running *sync.WaitGroup
	done    chan checked // gets what the one under way has found

	underWay, again bool
}

// begin begins a check, or has one follow the one that is under way, as that may have looked before.
func (c *checks) begin() {
	c.again = c.underWay
	if !c.underWay {
		c.underWay = true
		c.running.Go(func() { c.done <- c.ask() })
	}
}

// ended is told that what the check has found was taken in.
func (c *checks) ended() {
	c.underWay = false
	if c.again {
		c.begin()
	}
}

// check asks for the bucket's state.
func (r *replicator) check(ctx context.Context) (c checked) {
	c.state, c.gone, c.err = r.bucket.Check(ctx)
	return c
}

// isFollowed reports whether the watch is still worth listening to, after a check.
func (r *replicator) isFollowed(ctx context.Context, now checked, followed store.State) bool {
	if now.gone {
		return false
	}
	if now.err != nil {
		if ctx.Err() == nil {
			r.bucket.Lost(now.err)
		}
		r.lost.outage = true
		return true // it may come back as it was
	}
	r.bucket.Found()
	if !now.state.Created.Equal(followed.Created) {
		return false
	}
	if r.lost.outage {
		r.lost.forgive()
	}
	// What the check before this one was told of has not come, nor has anything else.
	seen, _ := r.catalog.reached()
	stuck := !now.state.Empty && r.isBehind() && r.last.seen == seen
	r.last.told, r.last.seen = now.state.Last, seen
	if now.state.Empty { // it holds nothing to wait for
		r.last.told = seen
	}
	return !stuck
}

// isBehind reports whether the catalog hadn't all that the last check was told of.
func (r *replicator) isBehind() bool { return r.last.seen < r.last.told }

package binder

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
)

const (
	// loadSilence is how long the bucket may send nothing while it is read from the start.
	loadSilence = 2 * time.Second
	// followRetry is the longest wait before the bucket is opened again.
	followRetry = 500 * time.Millisecond
	// checkInterval is how often the follower asks whether it still hears everything.
	checkInterval = 5 * time.Second
)

// A follower keeps the catalog the same as the bucket. All its methods run on its own
// goroutine.
//
//	open the bucket, creating it if it is gone
//	read it from the start, compare            → catalog, events
//	take each change as it comes               → catalog, events
//	the watch ends, the connection was lost, the bucket is another one: again
//
// What was in the catalog and is no more in a bucket that had been out of reach isn't
// dropped at once: while it was, no instance could renew. Such a record is lost, and
// stays for one more lease: in it the instance's renewal is answered with "unknown",
// and it registers again. The same holds for what expires within that lease. So an
// outage, even of a store that forgets everything, doesn't empty the catalog.
type follower struct {
	nc      *nats.Conn
	bucket  *bucket
	catalog *catalog
	tell    func(Event)
	running *sync.WaitGroup // the binder's goroutines

	loaded  chan struct{} // closed when the bucket was read for the first time
	refused chan error    // gets why the store refused that, if it did for good; holds one
	// grace is until when expired records are kept as lost.
	grace time.Time
	// lost records, by key: until when they are kept.
	lost map[string]time.Time
	// away is the store, as far as the log is told.
	away outage
	// outage is true from a check that got no answer to the next that gets one.
	outage bool
	// last is what check saw, to tell a watch that stands still from one behind a bit.
	last struct{ told, seen uint64 }
}

// run follows the bucket until ctx is over.
func (f *follower) run(ctx context.Context) {
	reconnected := f.nc.StatusChanged(nats.CONNECTED)
	defer f.nc.RemoveStatusListener(reconnected)
	wait := storeRetry
	for ctx.Err() == nil {
		began := time.Now()
		err := f.watch(ctx, reconnected)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			if isRefused(err) && !f.isLoaded() {
				select {
				case f.refused <- err: // Start returns it
				default:
				}
			} else {
				f.lostStore(err)
			}
		}
		if err == nil || time.Since(began) > checkInterval {
			wait = storeRetry
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, followRetry)
		case <-reconnected:
		case <-ctx.Done():
		}
	}
}

// watch opens the bucket and follows it for as long as that works. It returns nil if
// the bucket has to be opened again though nothing failed.
func (f *follower) watch(ctx context.Context, reconnected <-chan nats.Status) error {
	kv, st, err := f.bucket.open(ctx)
	if err != nil {
		return err
	}
	watcher, stop, err := f.watchAll(ctx, kv)
	if err != nil {
		return err
	}
	defer stop()
	if err := f.load(ctx, watcher.Updates(), st); err != nil {
		return err
	}
	f.foundStore()

	// What there was before the watch is in the catalog now, though the last change may
	// be missing: markers age. With replicas, the watch may read from one that is a bit
	// behind, so the rest may still be on its way.
	behind := time.Duration(0)
	if st.replicas > 1 {
		behind = catchUpTimeout
	}
	complete := time.NewTimer(behind)
	defer complete.Stop()
	began := time.Now()

	check := time.NewTicker(min(checkInterval, f.bucket.leaseTime()))
	defer check.Stop()
	sweep := time.NewTicker(min(time.Second, f.bucket.leaseTime()/4))
	defer sweep.Stop()
	for {
		select {
		case change, open := <-watcher.Updates():
			if !open {
				return nil
			}
			if change != nil {
				f.apply(change, true)
			}
		case <-complete.C:
			f.catalog.advance(st.last)
		case <-f.bucket.behind:
			if time.Since(began) > 2*catchUpTimeout { // else this watch is the remedy
				return nil
			}
		case now := <-sweep.C:
			f.sweep(now)
		case <-reconnected:
			return nil
		case <-f.bucket.missed:
			if !f.check(ctx, st) {
				return nil
			}
		case <-check.C:
			if !f.check(ctx, st) {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// watchAll watches a bucket from the start. stop frees everything it uses.
func (f *follower) watchAll(ctx context.Context, kv jetstream.KeyValue) (jetstream.KeyWatcher, func(), error) {
	// The context of a watch must live as long as it, so a timer bounds its creation.
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(storeAttempt, cancel)
	asking, done := f.bucket.watchRefusals(ctx, f.bucket.isAPI)
	defer done()
	ended := context.AfterFunc(asking, cancel)
	watcher, err := kv.WatchAll(ctx)
	ended()
	late := !timer.Stop()
	if err != nil {
		err = f.bucket.storeError(because(asking, err))
		cancel()
		return nil, nil, err
	}
	stop := func() {
		// The watcher's callback blocks on a full channel, and its end waits for the
		// callback: somebody has to read until the channel is closed.
		f.running.Go(func() {
			for range watcher.Updates() {
			}
		})
		// This tells JetStream, and waits for an answer that a dead leader doesn't give.
		f.running.Go(func() {
			_ = watcher.Stop()
			cancel()
		})
	}
	if late {
		stop()
		return nil, nil, helium.ErrStoreUnavailable.WithMessage("%s: %w", helium.ErrStoreUnavailable.Message, context.DeadlineExceeded)
	}
	return watcher, stop, nil
}

// load reads the bucket as it is now and compares.
func (f *follower) load(ctx context.Context, updates <-chan jetstream.KeyValueEntry, st state) error {
	first := !f.isLoaded()
	if !first {
		f.forgive()
		if seen, _ := f.catalog.reached(); st.last < seen {
			f.catalog.rewind(st.last) // a bucket that wasn't made by us counts from 1
		}
	}
	present := make(map[string]struct{})
	silence := time.NewTimer(loadSilence)
	defer silence.Stop()
	for done := false; !done; {
		select {
		case change, open := <-updates:
			switch {
			case !open:
				return helium.ErrStoreUnavailable.WithMessage("the watch on the registry's bucket ended before it had begun")
			case change == nil:
				done = true
			default:
				present[change.Key()] = struct{}{}
				f.apply(change, !first)
			}
			silence.Reset(loadSilence)
		case <-silence.C:
			return helium.ErrStoreUnavailable.WithMessage("the registry's bucket stopped sending records for %v", loadSilence)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for _, e := range f.catalog.all() {
		if _, there := present[e.key()]; !there && !e.lost {
			f.lose(e)
		}
	}
	f.last.told, f.last.seen = 0, 0
	if first {
		close(f.loaded)
	}
	return nil
}

func (f *follower) isLoaded() bool {
	select {
	case <-f.loaded:
		return true
	default:
		return false
	}
}

// apply brings one change of the bucket into the catalog, and tells it if asked to.
func (f *follower) apply(change jetstream.KeyValueEntry, tell bool) {
	defer f.catalog.advance(change.Revision())
	service, instance, _ := strings.Cut(change.Key(), ".")
	old := f.catalog.get(service, instance)
	event := Event{Revision: change.Revision()}
	switch {
	case change.Operation() == jetstream.KeyValuePut:
		if old != nil && bytes.Equal(old.data, change.Value()) {
			f.catalog.put(old.renewed(change.Revision()))
			delete(f.lost, change.Key())
			return
		}
		r, err := parseRecord(change.Value())
		if err == nil && r.key() != change.Key() {
			err = helium.ErrBadRecord.WithMessage("it is the record of %q", r.key())
		}
		if err != nil {
			f.bucket.logTrouble("a key of the registry's bucket holds no record and is left out: "+change.Key(), err)
			if old != nil && !old.lost {
				f.lose(old)
			}
			return
		}
		f.catalog.put(newEntry(r, change.Value(), change.Revision()))
		delete(f.lost, change.Key())
		event.Kind, event.Record = Changed, *r
		if old == nil {
			event.Kind = Registered
		}
	case old == nil:
		return
	case change.Operation() == jetstream.KeyValueDelete:
		f.drop(old)
		event.Kind, event.Record = Ended, old.departed()
	case f.outage || time.Now().Before(f.grace):
		f.lose(old)
		return
	default:
		f.drop(old)
		event.Kind, event.Record = Expired, old.departed()
	}
	if tell {
		f.tell(event)
	}
}

func (f *follower) drop(e *entry) {
	f.catalog.remove(e.service, e.instance)
	delete(f.lost, e.key())
}

// lose keeps a record that the store doesn't have for one more lease.
func (f *follower) lose(e *entry) {
	if f.lost == nil {
		f.lost = make(map[string]time.Time)
	}
	f.lost[e.key()] = time.Now().Add(f.bucket.leaseTime())
	f.catalog.put(e.asLost())
}

// forgive gives every record that is lost, or will be in the next lease, that lease to
// come back in.
func (f *follower) forgive() {
	f.outage = false
	f.grace = time.Now().Add(f.bucket.leaseTime())
	for key := range f.lost {
		f.lost[key] = f.grace
	}
}

// sweep drops the lost records whose time is over, unless the store is out of reach:
// while it is, they have no way to come back.
func (f *follower) sweep(now time.Time) {
	if f.outage || !f.nc.IsConnected() {
		return
	}
	for key, until := range f.lost {
		if now.Before(until) {
			continue
		}
		service, instance, _ := strings.Cut(key, ".")
		if e := f.catalog.get(service, instance); e != nil && e.lost {
			f.catalog.remove(service, instance)
			revision, _ := f.catalog.reached()
			f.tell(Event{Kind: Expired, Record: e.departed(), Revision: max(revision, e.revision)})
		}
		delete(f.lost, key)
	}
}

// check reports whether the watch is still worth listening to.
func (f *follower) check(ctx context.Context, followed state) bool {
	st, err := f.bucket.askOnce(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return false
	}
	if err != nil {
		if ctx.Err() == nil {
			f.lostStore(f.bucket.storeError(err))
		}
		f.outage = true
		return true // it may come back as it was
	}
	f.foundStore()
	if !st.created.Equal(followed.created) {
		return false
	}
	if f.outage {
		f.forgive()
	}
	seen, _ := f.catalog.reached()
	stuck := !st.empty && seen < st.last && f.last.told == st.last && f.last.seen == seen
	f.last.told, f.last.seen = st.last, seen
	if stuck {
		// Two checks in a row and nothing came between. Should the last change be gone
		// from the bucket (a marker that aged), a new watch wouldn't see it either.
		f.catalog.advance(st.last)
	}
	return !stuck
}

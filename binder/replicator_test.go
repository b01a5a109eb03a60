package binder

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/binder/internal/store"
)

// A change is one of the bucket's, as a watch tells it.
type change struct {
	jetstream.KeyValueEntry
	key      string
	value    []byte
	revision uint64
	op       jetstream.KeyValueOp
}

func (c change) Key() string                     { return c.key }
func (c change) Value() []byte                   { return c.value }
func (c change) Revision() uint64                { return c.revision }
func (c change) Operation() jetstream.KeyValueOp { return c.op }

func TestWhatExpiresRightAfterAnOutageIsKeptForALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lease = 30 * time.Second
		var told events
		c := newCatalog()
		lost := newLostRecords(c, func() time.Duration { return lease }, told.add)
		r := &replicator{catalog: c, lost: lost, notify: told.add}
		math := record("math", "i1", "add")
		data, err := math.encode()
		if err != nil {
			t.Fatal(err)
		}
		r.apply(change{key: math.key(), value: data, revision: 1}, false)
		lost.forgive() // the store is back, and no instance could renew
		r.apply(change{key: math.key(), revision: 2, op: jetstream.KeyValuePurge}, true)

		time.Sleep(lease - time.Second)
		lost.sweep(time.Now())
		if i := c.get("math", "i1"); i == nil || !i.lost {
			t.Fatalf("within the lease: got %+v, want a lost record", i)
		}
		time.Sleep(2 * time.Second)
		lost.outage = true // out of reach again
		lost.sweep(time.Now())
		if c.get("math", "i1") == nil {
			t.Fatal("the record was dropped during an outage")
		}
		lost.forgive()
		time.Sleep(lease - time.Second)
		lost.sweep(time.Now())
		if c.get("math", "i1") == nil {
			t.Fatal("the record was dropped within a lease of the second outage")
		}
		if got := told.String(); got != "" {
			t.Errorf("told so far: %q, want nothing", got)
		}
		time.Sleep(2 * time.Second)
		lost.sweep(time.Now())
		if err := told.is("expired math/i1;")(); err != nil {
			t.Error(err)
		}

		// Without an outage before it, an expiry counts at once.
		r.apply(change{key: math.key(), value: data, revision: 3}, true)
		r.apply(change{key: math.key(), revision: 4, op: jetstream.KeyValuePurge}, true)
		if err := told.is("expired math/i1;registered math/i1;expired math/i1;")(); err != nil {
			t.Error(err)
		}
	})
}

// watched is a watch of a bucket whose last change had a revision as it began.
func watched(last uint64, updates ...jetstream.KeyValueEntry) (*store.Watch, chan jetstream.KeyValueEntry) {
	all := make(chan jetstream.KeyValueEntry, 16)
	for _, u := range updates {
		all <- u
	}
	return &store.Watch{State: store.State{Last: last, Replicas: 1}, Updates: all}, all
}

func TestABinderThatIsToldTooEarlyThatItHasReadAllReadsOn(t *testing.T) {
	put := func(service string, revision uint64) jetstream.KeyValueEntry {
		r := record(service, "i1", "add")
		data, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		return change{key: r.key(), value: data, revision: revision}
	}
	for name, test := range map[string]struct {
		last          uint64
		before, after []jetstream.KeyValueEntry
		want          []string
		took          time.Duration
	}{
		"nothing is missing":                {2, []jetstream.KeyValueEntry{put("a", 1), put("b", 2), nil}, nil, []string{"a", "b"}, 0},
		"the last comes after the end":      {2, []jetstream.KeyValueEntry{put("a", 1), nil}, []jetstream.KeyValueEntry{put("b", 2)}, []string{"a", "b"}, time.Millisecond},
		"several come after the end":        {3, []jetstream.KeyValueEntry{nil}, []jetstream.KeyValueEntry{put("a", 1), put("b", 3)}, []string{"a", "b"}, 2 * time.Millisecond},
		"the last was written once more":    {2, []jetstream.KeyValueEntry{put("a", 1), nil}, []jetstream.KeyValueEntry{put("b", 5)}, []string{"a", "b"}, time.Millisecond},
		"the last is a marker that is gone": {7, []jetstream.KeyValueEntry{put("a", 1), nil}, nil, []string{"a"}, catchUpTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCatalog()
				r := newReplicator(nil, new(store.Bucket), c, func(Event) {}, quiet(), new(sync.WaitGroup))
				w, updates := watched(test.last, test.before...)
				go func() {
					for _, u := range test.after {
						time.Sleep(time.Millisecond)
						updates <- u
					}
				}()
				began := time.Now()
				if err := r.load(t.Context(), w); err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, i := range c.all() {
					got = append(got, i.service)
				}
				if took := time.Since(began); !slices.Equal(got, test.want) || took != test.took {
					t.Errorf("read %q after %v, want %q after %v", got, took, test.want, test.took)
				}
				if revision, _ := c.reached(); revision < test.last {
					t.Errorf("the catalog says that it is at revision %d, want %d at least", revision, test.last)
				}
			})
		})
	}
}

func TestACheckDoesNotTakeChangesForReadThatWaitToBe(t *testing.T) {
	c := newCatalog()
	r := newReplicator(nil, new(store.Bucket), c, func(Event) {}, quiet(), new(sync.WaitGroup))
	c.advance(3)
	now := checked{state: store.State{Last: 5}}
	first := r.isFollowed(t.Context(), now, store.State{})
	second := r.isFollowed(t.Context(), now, store.State{})
	if revision, _ := c.reached(); !first || second || revision != 3 {
		t.Errorf("a watch that gave nothing between two checks is followed on: %t, then %t, and the catalog is at %d; want true, false, and 3, as the next watch says what there is", first, second, revision)
	}
}

func TestACheckThatIsWantedWhileOneIsUnderWayFollowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		var running sync.WaitGroup
		c := checks{running: &running, done: make(chan checked, 1), ask: func() checked {
			asked++
			time.Sleep(time.Second)
			return checked{gone: asked > 1}
		}}
		c.begin()
		synctest.Wait()
		c.begin()
		c.begin() // of several that are wanted meanwhile one is enough
		first := <-c.done
		c.ended()
		second := <-c.done
		c.ended()
		running.Wait()
		if asked != 2 || first.gone || !second.gone {
			t.Errorf("the bucket was asked for %d times, %+v and %+v; want twice, one after the other", asked, first, second)
		}
	})
}

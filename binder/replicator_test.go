package binder

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
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

package binder

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/bus/broker"
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
	nc := connect(t, startBroker(t, broker.Config{})) // its state is all that is asked for
	synctest.Test(t, func(t *testing.T) {
		const lease = 30 * time.Second
		var told events
		f := &follower{nc: nc, bucket: &bucket{config: Config{Lease: lease, Logger: quiet()}}, catalog: newCatalog(), tell: told.add}
		r := record("math", "i1", "add")
		data, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		f.apply(change{key: r.key(), value: data, revision: 1}, false)
		f.forgive() // the store is back, and no instance could renew
		f.apply(change{key: r.key(), revision: 2, op: jetstream.KeyValuePurge}, true)

		time.Sleep(lease - time.Second)
		f.sweep(time.Now())
		if e := f.catalog.get("math", "i1"); e == nil || !e.lost {
			t.Fatalf("within the lease: got %+v, want a lost record", e)
		}
		time.Sleep(2 * time.Second)
		f.outage = true // out of reach again
		f.sweep(time.Now())
		if e := f.catalog.get("math", "i1"); e == nil {
			t.Fatal("the record was dropped during an outage")
		}
		f.forgive()
		time.Sleep(lease - time.Second)
		f.sweep(time.Now())
		if e := f.catalog.get("math", "i1"); e == nil {
			t.Fatal("the record was dropped within a lease of the second outage")
		}
		if got := told.String(); got != "" {
			t.Errorf("told so far: %q, want nothing", got)
		}
		time.Sleep(2 * time.Second)
		f.sweep(time.Now())
		if err := told.is("expired math/i1;")(); err != nil {
			t.Error(err)
		}

		// Without an outage before it, an expiry counts at once.
		f.apply(change{key: r.key(), value: data, revision: 3}, true)
		f.apply(change{key: r.key(), revision: 4, op: jetstream.KeyValuePurge}, true)
		if err := told.is("expired math/i1;registered math/i1;expired math/i1;")(); err != nil {
			t.Error(err)
		}
	})
}

package binder

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/binder/internal/store"
	"github.com/helium-rpc/helium/bus/broker"
)

// Of a cluster the member may die that served a binder's watch, and the binder's own connection stands:
// nobody tells it.
func TestABinderWhoseWatchDiedFindsOutThoughNobodyAsksForWhatIsNotThere(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	startBinder(t, connect(t, b), Config{})
	nc := connect(t, b)
	c := newClient(t, nc)
	register(t, c, record("math", "i1", "add"))

	stream, err := streams(t, nc).Stream(t.Context(), "KV_helium_registry")
	if err != nil {
		t.Fatal(err)
	}
	watches := stream.ConsumerNames(t.Context())
	deleted := 0
	for name := range watches.Name() {
		if err := stream.DeleteConsumer(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		deleted++
	}
	if err := watches.Err(); err != nil || deleted != 1 {
		t.Fatalf("%d watches, %v; want the binder's one", deleted, err)
	}
	// What another binder writes.
	data, err := json.Marshal(record("math", "i2", "add"))
	if err != nil {
		t.Fatal(err)
	}
	kv, err := streams(t, nc).KeyValue(t.Context(), "helium_registry")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put(t.Context(), "math.i2", data); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a lookup finds both", func() error {
		entry, err := c.Lookup(t.Context(), "math")
		if err == nil && len(entry.Records) != 2 {
			err = errors.New(fmt.Sprint("got ", entry.Records))
		}
		return err
	})
}

func TestAWatchOfWhichNothingComesIsDeadThoughOthersWriteOn(t *testing.T) {
	nc := connect(t, startBroker(t, broker.Config{}))
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	bucket := store.New(nc, js, store.Settings{Prefix: "helium", Logger: quiet()})
	const heard = 7
	for name, test := range map[string]struct {
		told []uint64 // the last change, by one check after the other
		want []bool
	}{
		"it has heard all":           {[]uint64{7, 7, 7}, []bool{true, true, true}},
		"it is behind, and stays so": {[]uint64{9, 9}, []bool{true, false}},
		"others write on":            {[]uint64{9, 12}, []bool{true, false}},
		"others write now and then":  {[]uint64{7, 9, 12}, []bool{true, true, false}},
	} {
		c := newCatalog()
		c.advance(heard)
		r := &replicator{bucket: bucket, catalog: c, lost: newLostRecords(c, bucket.LeaseTime, nil)}
		for i, last := range test.told {
			if got := r.isFollowed(t.Context(), checked{state: store.State{Last: last}}, store.State{}); got != test.want[i] {
				t.Errorf("%s: after check %d of %v the watch is worth listening to: %t, want %t", name, i+1, test.told, got, test.want[i])
			}
		}
	}
	// One that is slow isn't.
	c := newCatalog()
	r := &replicator{bucket: bucket, catalog: c, lost: newLostRecords(c, bucket.LeaseTime, nil)}
	for heard := range uint64(5) {
		c.advance(heard)
		if !r.isFollowed(t.Context(), checked{state: store.State{Last: heard + 100}}, store.State{}) {
			t.Errorf("a watch that has come to %d of %d isn't worth listening to, want it to be", heard, heard+100)
		}
	}
}

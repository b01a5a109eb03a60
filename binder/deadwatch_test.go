package binder

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/history"
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
	written := time.Now()
	eventually(t, "a lookup finds both", func() error {
		entry, err := c.Lookup(t.Context(), "math")
		if err == nil && len(entry.Records) != 2 {
			err = errors.New(fmt.Sprint("got ", entry.Records))
		}
		return err
	})
	if took := time.Since(written); took > history.Stale {
		t.Errorf("a lookup lacked an instance for %v after it was registered, want %v at most", took, history.Stale)
	}
}

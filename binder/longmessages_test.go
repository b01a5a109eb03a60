package binder

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
)

// marked is a doc of n bytes that json.Marshal would make four times as long.
func marked(n int) string { return strings.Repeat("<b>", n/3) }

func TestAListIsAsLongAsTheRecordsInItWhateverTheySay(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{MaxPayload: 8 << 10})
	startBinder(t, connect(t, b), Config{})
	c := newClient(t, connect(t, b))
	const all = 10
	for i := range all {
		r := record("math", fmt.Sprintf("i%d", i), "add")
		r.Methods[0].Doc = marked(3000)
		register(t, c, r)
	}
	records, err := c.List(testContext(t))
	if err != nil || len(records) != all {
		t.Fatalf("List = %d records, %v; want %d", len(records), err, all)
	}
	if got := records[0].Methods[0].Doc; got != marked(3000) {
		t.Errorf("the doc came as %q, want it as it was registered", got)
	}
}

func TestAnEventIsAsLongAsTheRecordInItWhateverThatSays(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{MaxPayload: 8 << 10})
	startBinder(t, connect(t, b), Config{})
	c := newClient(t, connect(t, b))
	heard := make(chan Event, 10)
	stop, err := c.Watch("", func(e Event) { heard <- e })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	long := record("math", "long", "add")
	long.Methods[0].Doc = marked(6000)
	register(t, c, long, record("math", "short", "add"))
	if e := <-heard; e.Record.Instance != "long" || e.Record.Methods[0].Doc != marked(6000) {
		t.Errorf("the first event is of %v, want one of math/long with its doc", e.Record)
	}
}

func TestAnEventThatFitsNoMessageIsLogged(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{MaxPayload: 8 << 10})
	var log lines
	startBinder(t, connect(t, b), Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	// A binder would refuse such a record; this one comes from elsewhere.
	r := record("math", "i1", "add")
	r.Methods[0].Doc = "d"
	short, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	r.Methods[0].Doc = strings.Repeat("d", 8<<10-len(short))
	data, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := streams(t, connect(t, b)).Publish(testContext(t), "$KV.helium_registry."+r.key(), data); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is logged", func() error {
		if n := log.count("an event is longer than a message may be"); n != 1 {
			return fmt.Errorf("it is logged %d times, want once", n)
		}
		return nil
	})
}

package rpcclient_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
)

// A stream for audits, say. Answers count all the same, and the log says once what is wrong.
func TestAStreamThatCapturesCallsIsToldOnceAndDisturbsNone(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "counter", new(counter))
	js, err := jetstream.New(env.Conn("audit"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "AUDIT", Subjects: []string{"helium.call.>"}, Storage: jetstream.MemoryStorage}); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 100)
	log := slog.New(slog.NewTextHandler(lineWriter(told), nil))
	c := env.NewClientOn(env.Conn("client"), rpcclient.Config{Logger: log})
	for i := range 50 {
		if n, err := rpcclient.Call[int](t.Context(), c, "counter.countA"); err != nil || n != i+1 {
			t.Fatalf("countA() = %d, %v; want %d, nil", n, err, i+1)
		}
	}
	eventually(t, func() error {
		if n := c.Stats().Malformed; n < 2 {
			return fmt.Errorf("%d acknowledgements were counted, want more", n)
		}
		return nil
	})
	if line := within(t, told, "word in the log"); !strings.Contains(line, "AUDIT") || !strings.Contains(line, "take Helium's subjects out") {
		t.Errorf("the log says %q, want which stream it is, and what to do", line)
	}
	if len(told) > 0 {
		t.Errorf("the log goes on with %q, want it told once", <-told)
	}
}

// lineWriter sends what is written, which a slog.Handler does line by line.
type lineWriter chan string

func (w lineWriter) Write(line []byte) (int, error) {
	w <- string(line)
	return len(line), nil
}

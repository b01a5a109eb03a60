package rpcserver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// timer has durations everywhere that a value can be.
type timer struct{}

type plan struct {
	Every  time.Duration            `json:"every"`
	After  *time.Duration           `json:"after"`
	Limits map[string]time.Duration `json:"limits"`
	Pauses []time.Duration          `json:"pauses"`
}

func (timer) Double(d time.Duration) time.Duration { return 2 * d }
func (timer) Keep(p plan) plan                     { return p }
func (timer) Sum(ds ...time.Duration) (sum time.Duration) {
	for _, d := range ds {
		sum += d
	}
	return sum
}

func TestDurationsAreTextInJSONAndNumbersToPrograms(t *testing.T) {
	w, _, _, c := start(t, rpcserver.Config{})
	other := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet()})
	if err := rpcserver.Register(other, "timer", timer{}); err != nil {
		t.Fatal(err)
	}
	if err := other.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Shutdown(testContext(t)) })
	nc := w.conn()
	for _, c := range []struct{ method, request, want string }{
		{"double", `["1h30m"]`, `"3h0m0s"`},
		{"double", `["-1.5ms"]`, `"-3ms"`},
		{"double", `[250]`, `"500ns"`},
		{"sum", `["1s", 5, "1m"]`, `"1m1.000000005s"`},
		{"keep", `[{"every":"1h","limits":{"b":2},"pauses":["1ms",3]}]`, `{"every":"1h0m0s","after":null,"limits":{"b":"2ns"},"pauses":["1ms","3ns"]}`},
		{"keep", `[{"every":1,"after":"2us","limits":{},"pauses":[]}]`, `{"every":"1ns","after":"2µs","limits":{},"pauses":[]}`},
	} {
		msg, err := nc.Request("helium.call.timer."+c.method, []byte(c.request), patience)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(msg.Data); got != c.want {
			t.Errorf("%s of %s: got %s, want %s", c.method, c.request, got, c.want)
		}
	}
	msg, err := nc.Request("helium.call.timer.double", []byte(`["1 hour"]`), patience)
	if err != nil || !strings.Contains(string(msg.Data), `write it as \"1h30m\"`) {
		t.Errorf("of a text that is none: got %s, %v; want an error that shows one", msg.Data, err)
	}
	double, err := rpcclient.Call[time.Duration](testContext(t), c, "timer.double", time.Minute)
	if err != nil || double != 2*time.Minute {
		t.Errorf("a program: got %v, %v; want 2m", double, err)
	}
	nanos, err := rpcclient.Call[int64](testContext(t), c, "timer.double", 5)
	if err != nil || nanos != 10 {
		t.Errorf("a program that knows numbers only: got %v, %v; want 10", nanos, err)
	}
}

package e2e_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

// request is what any NATS client in any language can do.
func request(t *testing.T, nc *nats.Conn, subject string, body []byte) *nats.Msg {
	t.Helper()
	answer, err := nc.RequestWithContext(testContext(t), subject, body)
	if err != nil {
		t.Fatalf("a request on %s: %v", subject, err)
	}
	return answer
}

func bareConnection(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// pack encodes a value as any msgpack library does.
func pack(t *testing.T, v any) []byte {
	t.Helper()
	b, err := msgpack.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnyNATSClientCanCallInJSON(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	nc := bareConnection(t, n.broker.URL())
	for _, c := range []struct{ method, body, want string }{
		{"add", "[2, 3]", "5"},
		{"sub", " [2.5, 3] ", "-0.5"},
		{"mul", "[-2,3]", "-6"},
		{"div", "[7, 2]", "3.5"},
	} {
		answer := request(t, nc, "helium.call.math."+c.method, []byte(c.body))
		if got := string(answer.Data); got != c.want || len(answer.Header) != 0 {
			t.Errorf("%s %s = %s, headers %v; want %s, none", c.method, c.body, got, answer.Header, c.want)
		}
	}
}

func TestArgumentsCanBeNamedWhereTheServiceNamesThem(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	srv := rpcserver.New(n.dial(), rpcserver.Config{Logger: quiet})
	err := srv.Handle(rpcserver.Service{Name: "math", Methods: []rpcserver.Method{{
		Name: "div", Signature: "div(a float64, b float64) float64",
		Handler: func(ctx context.Context, call *rpcserver.Call) error {
			a, err := call.Args.Float64()
			if err != nil {
				return call.BadArgument(0, err)
			}
			b, err := call.Args.Float64()
			if err != nil {
				return call.BadArgument(1, err)
			}
			call.Result.Float64(a / b)
			return nil
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })

	nc := bareConnection(t, n.broker.URL())
	for _, body := range [][]byte{
		[]byte(`{"a": 7, "b": 2}`), []byte(`{"b": 2, "a": 7}`), []byte("[7, 2]"),
	} {
		if got := request(t, nc, "helium.call.math.div", body); string(got.Data) != "3.5" {
			t.Errorf("div %s = %s, want 3.5", body, got.Data)
		}
	}
	var got float64
	answer := request(t, nc, "helium.call.math.div", pack(t, map[string]int{"a": 7, "b": 2}))
	if err := msgpack.Unmarshal(answer.Data, &got); err != nil || got != 3.5 {
		t.Errorf("div with names in msgpack = %v, %v; want 3.5, nil", got, err)
	}
	if got := request(t, nc, "helium.call.math.div", []byte(`{"a": 7, "c": 2}`)); !strings.Contains(string(got.Data), "bad_argument") {
		t.Errorf("div with a name that it doesn't have = %s, want bad_argument", got.Data)
	}
}

func TestAnyNATSClientCanCallInMsgpack(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	nc := bareConnection(t, n.broker.URL())
	for _, c := range []struct {
		method string
		args   any
		want   float64
	}{
		{"add", []any{2, 3}, 5},
		{"sub", []float64{2.5, 3}, -0.5},
		{"mul", []any{int8(-2), uint64(3)}, -6},
		{"div", []any{float32(7), int16(2)}, 3.5},
	} {
		answer := request(t, nc, "helium.call.math."+c.method, pack(t, c.args))
		var got float64
		if err := msgpack.Unmarshal(answer.Data, &got); err != nil || got != c.want || len(answer.Header) != 0 {
			t.Errorf("%s %v = %v, %v, headers %v; want %v, nil, none", c.method, c.args, got, err, answer.Header, c.want)
		}
	}
}

func TestPlainRequestsThatFailSayWhyInHeadersAndBody(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	nc := bareConnection(t, n.broker.URL())
	for _, c := range []struct {
		name, subject string
		body          []byte
		code          string // the header's
		want          map[string]string
	}{
		{"the method's own error", "helium.call.math.div", []byte("[1, 0]"), "400",
			map[string]string{"code": "invalid_argument", "reason": "math.division_by_zero", "message": "division by zero", "outcome": "executed"}},
		{"the same in msgpack", "helium.call.math.div", pack(t, []int{1, 0}), "400",
			map[string]string{"code": "invalid_argument", "reason": "math.division_by_zero", "outcome": "executed"}},
		{"too few arguments", "helium.call.math.add", []byte("[1]"), "400",
			map[string]string{"code": "invalid_argument", "reason": "helium.bad_argument", "outcome": "not executed"}},
		{"text for a number", "helium.call.math.add", []byte(`["one", 2]`), "400",
			map[string]string{"code": "invalid_argument", "reason": "helium.bad_argument", "outcome": "not executed"}},
		{"half of JSON", "helium.call.math.add", []byte("[1, "), "400",
			map[string]string{"code": "invalid_argument", "reason": "helium.bad_argument", "outcome": "not executed"}},
		{"no method in the subject", "helium.call.math", []byte("[1, 2]"), "400",
			map[string]string{"code": "invalid_argument", "reason": "helium.bad_message", "outcome": "not executed"}},
	} {
		answer := request(t, nc, c.subject, c.body)
		if got := answer.Header.Get("Nats-Service-Error-Code"); got != c.code {
			t.Errorf("%s: Nats-Service-Error-Code %q, want %q", c.name, got, c.code)
		}
		got := make(map[string]any)
		err := json.Unmarshal(answer.Data, &got)
		if c.body[0] >= 0x80 {
			err = msgpack.Unmarshal(answer.Data, &got)
		}
		if err != nil {
			t.Errorf("%s: the body %q can't be read: %v", c.name, answer.Data, err)
		}
		c.want["instance"] = srv.Instance()
		for key, want := range c.want {
			if got[key] != want {
				t.Errorf("%s: %s is %v, want %q (body %v)", c.name, key, got[key], want, got)
			}
		}
		message, _ := got["message"].(string)
		if message == "" || answer.Header.Get("Nats-Service-Error") != message {
			t.Errorf("%s: header %q and message %q, want the same text", c.name, answer.Header.Get("Nats-Service-Error"), message)
		}
	}
	answer, err := nc.RequestWithContext(context.Background(), "helium.call.math.pow", []byte("[2, 3]"))
	if err != nats.ErrNoResponders {
		t.Errorf("a method that nobody serves: %v, %v; want nats.ErrNoResponders", answer, err)
	}
}

func TestAnswersGoToInboxesOnly(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	nc := bareConnection(t, n.broker.URL())
	// Not all of helium.binder: what the binder itself tells may still be on its way.
	const end = "helium.binder.end.math"
	stolen, err := nc.SubscribeSync(end)
	if err != nil {
		t.Fatal(err)
	}
	for _, reply := range []string{end, "$JS.API.STREAM.DELETE.KV_helium_registry", "anything.else"} {
		if err := nc.PublishRequest("helium.call.math.add", reply, []byte("[2, 3]")); err != nil {
			t.Fatal(err)
		}
	}
	// The answer to this one comes after whatever those have led to.
	if got := request(t, nc, "helium.call.math.add", []byte("[2, 3]")); string(got.Data) != "5" {
		t.Errorf("add = %s, want 5", got.Data)
	}
	if msgs, _, _ := stolen.Pending(); msgs != 0 {
		t.Errorf("the server published %d messages for a caller that may not, want none", msgs)
	}
	if s := srv.Stats(); s.BadReplies != 3 || s.Calls != 1 {
		t.Errorf("%d messages dropped and %d calls run, want 3 and 1", s.BadReplies, s.Calls)
	}
}

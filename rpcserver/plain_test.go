package rpcserver_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

// packed returns a value as it travels.
func packed(t testing.TB, v any) []byte {
	t.Helper()
	var w codec.Writer
	if w.Value(v); w.Err() != nil {
		t.Fatal(w.Err())
	}
	return w.Bytes()
}

// serveNamed serves a method whose parameters have names: those of a Go function don't.
func serveNamed(t testing.TB, w *world) {
	t.Helper()
	srv := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet()})
	math := mathsvc.New()
	err := srv.Handle(rpcserver.Service{Name: "named", Methods: []rpcserver.Method{{
		Name: "sub", Signature: "sub(a float64, b float64) float64",
		Handler: subHandler(math),
	}}})
	if err == nil {
		err = srv.Start(testContext(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Shutdown(testContext(t)) })
}

func TestAPlainRequestIsAnsweredInKind(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{})
	serveNamed(t, w)
	nc := w.conn()
	for _, c := range []struct {
		name, subject string
		request, want []byte
	}{
		{"a JSON array", echo, []byte(`["hé"]`), []byte(`"hé"`)},
		{"a JSON array with blanks", echo, []byte(" \n[ \"x\" ] "), []byte(`"x"`)},
		{"a JSON array behind a byte order mark", echo, []byte("\ufeff[\"x\"]"), []byte(`"x"`)},
		{"a JSON object behind a byte order mark", "helium.call.named.sub", []byte("\ufeff {\"b\": 2, \"a\": 5}"), []byte(`3`)},
		{"a byte order mark, where nothing is wanted", count, []byte("\ufeff"), []byte("null")},
		{"a JSON object", "helium.call.named.sub", []byte(`{"b": 2, "a": 5}`), []byte(`3`)},
		{"a msgpack array", echo, packed(t, []any{"hé"}), packed(t, "hé")},
		{"a msgpack map", "helium.call.named.sub", packed(t, map[string]any{"b": 2.0, "a": 5.0}), packed(t, 3.0)},
		{"nothing, where nothing is wanted", count, nil, []byte("null")},
		{"an empty msgpack array", count, []byte{0x90}, []byte{0xc0}},
		{"variadic arguments", "helium.call.probe.sum", []byte(`[1, 2, 3]`), []byte("6")},
	} {
		msg, err := nc.Request(c.subject, c.request, patience)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !bytes.Equal(msg.Data, c.want) || len(msg.Header) > 0 {
			t.Errorf("%s: got %q, headers %v; want %q and none", c.name, msg.Data, msg.Header, c.want)
		}
	}
}

func TestAPlainRequestsErrorIsHeadersAndABody(t *testing.T) {
	t.Parallel()
	w, srv, p, _ := start(t, rpcserver.Config{})
	nc := w.conn()
	for _, c := range []struct {
		name, subject string
		request       string
		status, code  string
		reason        string
		outcome       string
	}{
		{"the handler's", "helium.call.probe.fail", `["teapot"]`, "400", "failed_precondition", "probe.teapot", "executed"},
		{"a panic", "helium.call.probe.panic", `["x"]`, "500", "internal", "helium.panic", "executed"},
		{"a bad argument", echo, `[5]`, "400", "invalid_argument", "helium.bad_argument", "not executed"},
		{"too many arguments", echo, `["a", "b"]`, "400", "invalid_argument", "helium.bad_argument", "not executed"},
		{"no JSON", echo, `nonsense`, "400", "invalid_argument", "helium.bad_argument", "not executed"},
		{"a bare value", echo, `"x"`, "400", "invalid_argument", "helium.bad_argument", "not executed"},
		{"the service's subject", service, `["x"]`, "400", "invalid_argument", "helium.bad_message", "not executed"},
		{"an unknown method of the instance", "helium.at.probe." + srv.Instance() + ".x", `[]`, "501", "unimplemented", "helium.no_such_method", "not executed"},
		{"a result without a form in JSON", "helium.call.probe.ratio", `[0, 0]`, "500", "internal", "helium.bad_result", "executed"},
		{"a result that is larger in JSON", "helium.call.probe.text", `[900000]`, "429", "resource_exhausted", "helium.result_too_large", "executed"},
		{"huge details", "helium.call.probe.fail", `["huge details"]`, "400", "failed_precondition", "probe.teapot", "executed"},
		{"a huge message", "helium.call.probe.fail", `["huge message"]`, "404", "not_found", "", "executed"},
	} {
		msg, err := nc.Request(c.subject, []byte(c.request), patience)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		checkPlainError(t, c.name, msg, c.status)
		var body struct{ Code, Reason, Message, Outcome, Instance string }
		if err := json.Unmarshal(msg.Data, &body); err != nil {
			t.Errorf("%s: the body %.200q isn't JSON: %v", c.name, msg.Data, err)
			continue
		}
		if body.Code != c.code || body.Reason != c.reason || body.Outcome != c.outcome || body.Message == "" || body.Instance != srv.Instance() {
			t.Errorf("%s: got %.300q, want %s, %s, %s, a message, the instance", c.name, msg.Data, c.code, c.reason, c.outcome)
		}
	}
	if s := srv.Stats(); s.LostReplies != 0 || s.Errors != 12 {
		t.Errorf("LostReplies = %d, Errors = %d; want 0, 12", s.LostReplies, s.Errors)
	}

	msg, err := nc.Request("helium.call.probe.fail", packed(t, []any{"teapot"}), patience)
	if err != nil {
		t.Fatal(err)
	}
	checkPlainError(t, "in msgpack", msg, "400")
	r := codec.NewReader(msg.Data)
	var body map[string]any
	if err := r.Value(&body); err != nil || body["code"] != "failed_precondition" || body["outcome"] != "executed" {
		t.Errorf("in msgpack: got %v, %v; want failed_precondition, executed", body, err)
	}
	// A list that claims to be long costs nothing, in whatever encoding.
	msg, err = nc.Request(echo, []byte{0xdd, 0xff, 0xff, 0xff, 0xff}, patience)
	if err != nil {
		t.Fatal(err)
	}
	checkPlainError(t, "a length that lies", msg, "400")
	_ = p
}

func checkPlainError(t *testing.T, name string, msg *nats.Msg, status string) {
	t.Helper()
	text := msg.Header.Get("Nats-Service-Error")
	if got := msg.Header.Get("Nats-Service-Error-Code"); got != status || text == "" || strings.ContainsAny(text, "\r\n") {
		t.Errorf("%s: got code %q, error %.200q; want %s and a line of text", name, got, text, status)
	}
}

func TestAPlainErrorFitsASmallMessage(t *testing.T) {
	w := newWorld(t, broker.Config{MaxPayload: 4 << 10})
	w.startBinder(binder.Config{})
	srv, _ := w.serve(rpcserver.Config{})
	for _, kind := range []string{"huge message", "huge details", "many details", "huge reason"} {
		msg, err := w.conn().Request("helium.call.probe.fail", packed(t, []any{kind}), patience)
		if err != nil {
			t.Errorf("%s in msgpack: %v", kind, err)
		} else if msg.Header.Get("Nats-Service-Error") == "" {
			t.Errorf("%s in msgpack: no error, want one", kind)
		}
		if msg, err = w.conn().Request("helium.call.probe.fail", []byte(`["`+kind+`"]`), patience); err != nil {
			t.Errorf("%s: %v", kind, err)
		} else if !json.Valid(msg.Data) {
			t.Errorf("%s: got %q, want JSON", kind, msg.Data)
		}
	}
	if got := srv.Stats().LostReplies; got != 0 {
		t.Errorf("LostReplies = %d, want 0", got)
	}
}

func TestAPlainRequestWithoutReplyRunsUnanswered(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{})
	nc := w.conn()
	for _, data := range []string{`[]`, "\x90", ``, `nonsense`} {
		if err := nc.Publish(count, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all are done", func() bool { s := srv.Stats(); return s.Calls == 4 && s.Errors > 0 })
	if got := p.calls.Load(); got != 3 {
		t.Errorf("%d calls ran, want the 3 that fit", got)
	}
	if s := srv.Stats(); s.LostReplies != 0 || s.Errors != 1 {
		t.Errorf("LostReplies = %d, Errors = %d; want 0, 1", s.LostReplies, s.Errors)
	}
}

package rpcserver_test

import (
	"encoding/json"
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcserver"
)

// TestAnInstanceCanBeCalledFromBeforeItsRecordUntilAfterIt plays the binder itself, as that
// is who sees the moments in between.
func TestAnInstanceCanBeCalledFromBeforeItsRecordUntilAfterIt(t *testing.T) {
	w := newWorld(t, broker.Config{})
	nc := w.conn()
	type moment struct {
		verb string
		err  error // of a call at that moment
	}
	moments := make(chan moment, 100)
	sub, err := nc.Subscribe("helium.binder.*.probe", func(m *nats.Msg) {
		verb := path.Ext(strings.TrimSuffix(m.Subject, ".probe"))[1:]
		var body struct{ Instance string }
		err := json.Unmarshal(m.Data, &body)
		if err == nil {
			_, err = nc.Request("helium.at.probe."+body.Instance+".echo", []byte(`["x"]`), patience)
		}
		moments <- moment{verb, err}
		answer := `{"lease_ms":60000}`
		if verb == "end" {
			answer = `{}`
		}
		if err := m.Respond([]byte(answer)); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe()
	srv, p := w.server(rpcserver.Config{})
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, "the registration", moments); got != (moment{verb: "register"}) {
		t.Errorf("first came %q, with a call that ended with %v; want a registration of what can be called", got.verb, got.err)
	}
	peer := w.peer()
	peer.send("helium.call.probe.block", "1", message(callFrame(1)))
	receive(t, "the call", p.entered)

	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(testContext(t)) }()
	if got := receive(t, "the end of the record", moments); got != (moment{verb: "end"}) {
		t.Errorf("then came %q, with a call that ended with %v; want the record's end, and calls as long as it isn't answered", got.verb, got.err)
	}
	eventually(t, "nobody listens any more", func() bool {
		_, err := nc.Request(echo, []byte(`["x"]`), patience)
		return errors.Is(err, nats.ErrNoResponders)
	})
	p.releaseAll()
	wantResult(t, peer.one(), 1, nil)
	if err := receive(t, "the end of Shutdown", down); err != nil {
		t.Errorf("Shutdown = %v, want nil", err)
	}
	if len(moments) > 0 {
		t.Errorf("behind the end came %q, want nothing that brings the record back", (<-moments).verb)
	}
}

package rpcserver_test

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestOneWayCallsThatAreNotRunAreCountedAndLoggedOnce(t *testing.T) {
	noArgs := msgpack.AppendArrayHeader(nil, 0)
	frame := func(f wire.Frame) []byte { return wire.AppendFrame(wire.AppendMessageHeader(nil), &f) }
	missing := frame(wire.Frame{Kind: wire.KindNotify, Time: 60_000, Body: noArgs, Method: "pow"})
	unanswered := frame(wire.Frame{Kind: wire.KindCall, Seq: 1, Time: 60_000, Body: noArgs, Method: "pow"})
	badArgs := frame(wire.Frame{Kind: wire.KindNotify, Time: 60_000, Body: noArgs, Method: "echo"})
	for name, c := range map[string]struct {
		data    []byte
		subject func(instance string) string
		says    string
	}{
		"of a method that isn't there":                 {missing, func(string) string { return "helium.call.probe" }, `no method \"pow\"`},
		"of a method that isn't at the instance":       {missing, func(i string) string { return "helium.at.probe." + i + ".pow" }, `no method \"pow\"`},
		"of a method that isn't there, without frames": {[]byte("[1]"), func(i string) string { return "helium.at.probe." + i + ".pow" }, `no method \"pow\"`},
		"with a number but no reply subject":           {unanswered, func(string) string { return "helium.call.probe" }, `no method \"pow\"`},
		"with other arguments":                         {badArgs, func(string) string { return "helium.call.probe.echo" }, "want 1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, broker.Config{})
			w.startBinder(binder.Config{})
			var log logBook
			srv, _ := w.serve(rpcserver.Config{Logger: log.logger()})
			nc := w.conn()
			for range 5 {
				if err := nc.Publish(c.subject(srv.Instance()), c.data); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "all are counted and the first is logged", func() bool {
				return srv.Stats().Unheard == 5 && strings.Contains(log.String(), "one-way call")
			})
			text := log.String()
			if n := strings.Count(text, "one-way call"); n != 1 || !strings.Contains(text, c.says) {
				t.Errorf("the log has %d lines about it, want 1 with %q:\n%s", n, c.says, text)
			}
		})
	}
}

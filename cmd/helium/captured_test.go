package main

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestAStreamThatAnswersForOthersIsNamedByAllThatAsk(t *testing.T) {
	for _, c := range []struct {
		subjects []string
		args     []string
	}{
		{[]string{"helium.binder.>"}, []string{"ls"}},
		{[]string{"helium.binder.>"}, []string{"ls", "math"}},
		{[]string{"helium.binder.>"}, []string{"describe", "math"}},
		{[]string{"helium.binder.>"}, []string{"call", "math.add", "2", "3"}},
		{[]string{"helium.binder.>"}, []string{"ping"}},
		{[]string{"helium.binder.>"}, []string{"why", "math.add"}},
		{[]string{"helium.binder.>"}, []string{"doctor"}},
		{[]string{"helium.binder.>"}, []string{"gen", "ts"}},
		{[]string{"$SRV.>"}, []string{"top", "--once"}},
	} {
		b, url := newBusWithoutBinder(t, broker.Config{})
		nc, err := b.Connect("other")
		check(t, err)
		defer nc.Close()
		js, err := jetstream.New(nc)
		check(t, err)
		_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "EVERYTHING", Subjects: c.subjects, Storage: jetstream.MemoryStorage})
		check(t, err)
		r := heliumRun(t, append(c.args, "-s", url)...)
		if r.exit == cli.ExitOK || !strings.Contains(r.err+r.out, "EVERYTHING") {
			t.Errorf("helium %q beside a stream of %q: exit %d\n%s%s\nwant a word of the stream", c.args, c.subjects, r.exit, r.out, r.err)
		}
	}
}

func TestAStreamThatAcknowledgesCallsIsToldFromWhoAnswersThem(t *testing.T) {
	for _, subjects := range []string{"helium.at.>", "helium.call.>"} {
		b, url := newBus(t, broker.Config{})
		instance := serveOn(t, b, rpcserver.Config{Listen: "127.0.0.1:0"}, "math", mathsvc.New()).Instance()
		nc, err := b.Connect("other")
		check(t, err)
		defer nc.Close()
		js, err := jetstream.New(nc)
		check(t, err)
		_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "EVERYTHING", Subjects: []string{subjects}, Storage: jetstream.MemoryStorage})
		check(t, err)
		if got := linked(t, url); got.Instance != instance {
			t.Errorf("beside a stream of %s a link leads to %q, want %q", subjects, got.Instance, instance)
		}
		for args, want := range map[string]bool{"call math.add 2 3": false, "ping math": false, "why math.add": true} {
			r := heliumRun(t, append(strings.Fields(args), "-s", url)...)
			if named := strings.Contains(r.out+r.err, "EVERYTHING"); r.exit != cli.ExitOK || want && !named {
				t.Errorf("helium %s beside a stream of %s: got exit %d\n%s%s\nwant 0, and a word of the stream: %t", args, subjects, r.exit, r.out, r.err, want)
			}
		}
	}
}

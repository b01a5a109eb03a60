package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/wire"
)

// asksWho reports a message that asks an instance who it is.
func asksWho(m *nats.Msg) bool {
	frames, err := wire.ReadMessage(m.Data)
	if err != nil {
		return false
	}
	var f wire.Frame
	return frames.Next(&f) == nil && f.Kind == wire.KindSender && frames.Next(&f) != nil
}

// whenAsked registers an instance that says nothing, and calls asked when somebody wants to know who it is.
func whenAsked(t *testing.T, b *broker.Broker, asked func()) {
	t.Helper()
	nc, err := b.Connect("slow")
	check(t, err)
	t.Cleanup(nc.Close)
	for _, subject := range []string{"helium.call.diary.one", "helium.at.diary.slow", "helium.at.diary.slow.>"} {
		_, err = nc.Subscribe(subject, func(m *nats.Msg) {
			if asksWho(m) {
				asked()
			}
		})
		check(t, err)
	}
	check(t, nc.Flush())
	registerDiary(t, nc, "slow")
}

// registerDiary registers an instance of the service "diary", which tells who it is when it is asked, or should.
func registerDiary(t *testing.T, nc *nats.Conn, instance string) {
	t.Helper()
	reg, err := binder.NewClient(nc, "")
	check(t, err)
	_, err = reg.Register(t.Context(), binder.Record{
		Service: "diary", Instance: instance, Methods: []binder.Method{{Name: "one", Signature: "one(x any)"}}, Abilities: uint64(wire.Heartbeats),
	})
	check(t, err)
}

func TestWhoIsStoppedWhileInstancesAreAskedSaysNothingAgainstThem(t *testing.T) {
	for _, c := range []struct {
		words, check string
	}{
		{"doctor", "instances"},
		{"why diary.one", "probe"},
	} {
		b, url := newBus(t, broker.Config{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		whenAsked(t, b, stop)
		var out, said lockedBuffer
		exit := run(ctx, append(strings.Fields(c.words), "-s", url, "-o", "json"), strings.NewReader(""), &out, &said)
		var report struct {
			Checks []doctorCheck
			Stages []whyStage
		}
		check(t, json.Unmarshal([]byte(out.String()), &report))
		for _, s := range report.Stages {
			report.Checks = append(report.Checks, doctorCheck{Check: s.Stage, Status: s.Status, Found: s.Found, Next: s.Next})
		}
		last := report.Checks[len(report.Checks)-1]
		if !strings.Contains(said.String(), `"message":"interrupted before it was done"`) {
			t.Errorf("helium %s: stopped, it says\n%s", c.words, said.String())
		}
		if last.Check != c.check || last.Status != statusSkipped || last.Next != "" || exit != cli.ExitInterrupted {
			t.Errorf("helium %s: got exit %d, and last %+v; want %d, and %s skipped", c.words, exit, last, cli.ExitInterrupted, c.check)
		}
	}
}

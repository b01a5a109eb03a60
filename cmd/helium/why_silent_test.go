package main

import (
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestWhyEndsAsACallDoesWhereAnInstanceIsSilentOrTakesNoCall(t *testing.T) {
	for _, c := range []struct {
		what  string
		tells bool // it says that it is there
		exit  int
		words string
	}{
		{"a frozen instance", false, cli.ExitNoInstance, "nor does diary/stuck say that it is there"},
		{"one that takes no call", true, cli.ExitDeadline, "though it says that it is there"},
	} {
		b, url := newBus(t, broker.Config{})
		nc, err := b.Connect("stuck")
		check(t, err)
		defer nc.Close()
		for _, subject := range []string{"helium.call.diary.one", "helium.at.diary.stuck.>"} {
			_, err := nc.QueueSubscribeSync(subject, "helium")
			check(t, err)
		}
		_, err = nc.Subscribe("helium.at.diary.stuck", func(m *nats.Msg) {
			if c.tells {
				_ = m.Respond([]byte("here"))
			}
		})
		check(t, err)
		check(t, nc.Flush())
		registerDiary(t, nc, "stuck")
		_, stages, r := whyReportOf(t, "diary.one", "-s", url, "--timeout", "4s")
		if r.exit != c.exit {
			t.Errorf("%s: exit %d, want %d:\n%s", c.what, r.exit, c.exit, r.err)
		}
		checkStage(t, stages, "probe", statusFailed, c.words)
	}
}

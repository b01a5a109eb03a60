package diagnose

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestWhoHadNoTimeToAnswerIsNotCalledSilent(t *testing.T) {
	b, err := broker.Start(t.Context(), broker.Config{Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	nc, err := b.Connect("asks")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.SubscribeSync("helium.at.diary.frozen"); err != nil {
		t.Fatal(err)
	}
	a := &access{nc: nc, env: cli.NewEnv(strings.NewReader(""), io.Discard, io.Discard, nil)}
	if err := a.openProber(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		within time.Duration
		late   bool
	}{{0, true}, {enoughTime / 10, true}, {2 * enoughTime, false}, {time.Hour, false}} {
		ctx, cancel := context.WithTimeout(t.Context(), c.within)
		silent, late := a.silent(ctx, []binder.Record{{Service: "diary", Instance: "frozen"}})
		if cancel(); len(silent) != 1 || late != c.late {
			t.Errorf("within %v: got %q and late %t, want one instance and late %t", c.within, silent, late, c.late)
		}
	}
}

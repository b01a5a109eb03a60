package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// warned is a warning as programs read it.
type warned struct {
	Level, Msg, Method, Service string
	Silent                      []struct{ Service, Instance string }
}

// warnedOnce runs the command and returns the one line that it has on standard error.
func warnedOnce(t *testing.T, in string, words ...string) (w warned, r ran) {
	t.Helper()
	r = heliumRunWith(t, strings.NewReader(in), words...)
	if err := json.Unmarshal([]byte(r.err), &w); err != nil || strings.Count(r.err, "\n") != 1 || w.Level != "WARN" || r.exit != cli.ExitOK {
		t.Errorf("helium %q: got exit %d and %q on stderr (%v), want 0 and a warning as a line of JSON", words, r.exit, r.err, err)
	}
	return w, r
}

func TestProgramsAreWarnedOfWhatTheOutputDoesNotShow(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "take", taker{})
	nc, err := b.Connect("registrar")
	check(t, err)
	defer nc.Close()
	registry, err := binder.NewClient(nc, "")
	check(t, err)
	record := binder.Record{Service: "ghosts", Instance: "frozen", Started: time.Now(), Methods: []binder.Method{{Name: "get", Signature: "get() int64"}, {Name: "follow", Signature: "?", Kind: "future"}}}
	_, err = registry.Register(t.Context(), record)
	check(t, err)
	for _, form := range []string{"json", "ndjson"} {
		w, r := warnedOnce(t, "1\n\u202ex\n", "call", "take.first", "9", "-s", url, "-o", form)
		if r.out != "1\n" || w.Method != "take.first" || !strings.Contains(w.Msg, "without the lines from this one on: line 2: ") {
			t.Errorf("call -o %s: got %q and %+v, want 1 and that line 2 wasn't heeded", form, r.out, w)
		}
		if strings.Contains(r.err, "\u202e") {
			t.Errorf("call -o %s: got %q, want escapes of JSON for what moves a terminal's text", form, r.err)
		}
		w, _ = warnedOnce(t, "", "gen", "ts", "ghosts", "-s", url, "-o", form)
		if w.Service != "ghosts" || !strings.Contains(w.Msg, "left out, because they are of another kind: follow") {
			t.Errorf("gen -o %s: got %+v, want that follow was left out", form, w)
		}
	}
	w, r := warnedOnce(t, "", "top", "--once", "--interval", "100ms", "-s", url, "-o", "json")
	if len(w.Silent) != 1 || w.Silent[0].Service != "ghosts" || w.Silent[0].Instance != "frozen" || !strings.HasPrefix(r.out, "[") {
		t.Errorf("top: got %q and %+v, want the rows, and ghosts frozen named", r.out, w)
	}

	// A table that goes on tells it when it has changed.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, said lockedBuffer
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = run(ctx, []string{"top", "take", "ghosts", "--interval", "100ms", "-s", url, "-o", "ndjson"}, strings.NewReader(""), &out, &said)
	}()
	soon(func() bool { return strings.Count(out.String(), `"method":"sum"`) >= 3 }) // what it has printed is checked below
	stop()
	<-ended
	if looks, warnings := strings.Count(out.String(), `"method":"sum"`), strings.Count(said.String(), "WARN"); looks < 3 || warnings == 0 || warnings >= looks {
		t.Errorf("top -o ndjson: got %d looks and %q, want 3 and a warning that isn't told with each", looks, said.String())
	}
}

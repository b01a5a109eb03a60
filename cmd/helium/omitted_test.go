package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestAServiceOfMoreRecordsThanAMessageHoldsIsShownWhole(t *testing.T) {
	b, url := newBus(t, broker.Config{MaxPayload: 8 << 10})
	nc := connectTo(t, url)
	registry, err := binder.NewClient(nc, "")
	check(t, err)
	const all = 10
	for i := range all - 1 {
		r := instanceOf("kinds", fmt.Sprintf("a%d", i), time.Time{}, binder.Method{Name: "text", Signature: "text(s string) string", Doc: strings.Repeat("d", 1500)})
		_, err := registry.Register(t.Context(), r)
		check(t, err)
	}
	_, err = registry.Register(t.Context(), instanceOf("other", "z", time.Time{}))
	check(t, err)
	srv := serve(t, b, "kinds", kinds{})
	for words, want := range map[string]int{"ls kinds -o raw": all, "ping kinds --bus-only --timeout 5s -o raw": all} {
		if r := heliumRun(t, append(strings.Fields(words), "-s", url)...); strings.Count(r.out, "\n") != want {
			t.Errorf("helium %s: got %d lines, want %d:\n%s%s", words, strings.Count(r.out, "\n"), want, r.out, r.err)
		}
	}
	r := heliumRun(t, "describe", "kinds", "-s", url, "-o", "json")
	var description struct{ Instances []string }
	if err := json.Unmarshal([]byte(r.out), &description); err != nil || len(description.Instances) != all {
		t.Errorf("describe tells of %d instances, want %d: %s%s", len(description.Instances), all, r.out, r.err)
	}
	r = heliumRun(t, "call", "kinds.text", "Ada", "--at", srv.Instance(), "-s", url)
	if r.exit != cli.ExitOK || !strings.Contains(r.out, "Ada") {
		t.Errorf("call --at the last: got exit %d and %q; it says:\n%s", r.exit, r.out, r.err)
	}
}

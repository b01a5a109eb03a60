package main

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestTopShowsRatesAndLatenciesOfCallsUnderWay(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	srv := serveOn(t, b, rpcserver.Config{}, "diary", newDiary())
	nc, err := b.Connect("caller")
	check(t, err)
	defer nc.Close()
	c, err := rpcclient.New(nc, rpcclient.Config{})
	check(t, err)
	defer func() { check(t, c.Close()) }()
	stop := make(chan struct{})
	var calling sync.WaitGroup
	calling.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = c.Call(t.Context(), "diary.one", nil, 1)
			}
		}
	})
	defer calling.Wait()
	defer close(stop)
	var rows []topRow
	// Whoever calls may have stood still between the two looks; then they are taken again,
	// further apart.
	for interval := 200 * time.Millisecond; interval < testPatience; interval *= 4 {
		r := heliumRun(t, "top", "diary", "-s", url, "--once", "--interval", interval.String(), "--by", "all", "--sort", "calls", "-o", "json")
		rows = nil
		if err := json.Unmarshal([]byte(r.out), &rows); err != nil || r.exit != cli.ExitOK || len(rows) != 5 {
			t.Fatalf("exit %d, rows %v (%v); want 0 and 5 rows:\n%s", r.exit, rows, err, r.err)
		}
		if rows[0].Calls > 0 {
			break
		}
	}
	first := rows[0]
	if first.Method != "one" || first.Instance != srv.Instance() || first.Calls <= 0 || first.P50MS == nil || *first.P99MS < *first.P50MS {
		t.Errorf("the first row is %+v; want method one of %s, with calls and percentiles", first, srv.Instance())
	}
	if rows[1].Calls != 0 || rows[1].P50MS != nil {
		t.Errorf("the second row is %+v; want no calls and no percentiles", rows[1])
	}
}

func TestTopTellsThatTheUserMayNotAsk(t *testing.T) {
	_, url := newBus(t, broker.Config{Users: []broker.User{{Name: "limited", Password: "x", Publish: broker.Subjects{Deny: []string{"$SRV.>"}}}}})
	r := heliumRun(t, "top", "--once", "-s", url, "--user", "limited", "--password", "x")
	if r.exit != cli.ExitNoBus || !strings.Contains(r.err, "may not publish to $SRV.STATS") || !strings.Contains(r.err, "allow the user to publish to $SRV.STATS") {
		t.Errorf("exit %d; want %d, and what to allow:\n%s", r.exit, cli.ExitNoBus, r.err)
	}
}

func TestTopTellsWhichServicesDontAnswer(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for words, want := range map[string]string{
		"kind":       "No instance answers of: kind. What there is: helium ls\n",
		"kind knid":  "No instance answers of: kind, knid. What there is: helium ls\n",
		"kind\x1b[A": "No instance answers of: kind\\x1b[A. What there is: helium ls\n",
	} {
		r := heliumRun(t, append([]string{"top", "--once", "--interval", "100ms", "-s", url}, strings.Fields(words)...)...)
		if r.exit != cli.ExitOK || r.err != want {
			t.Errorf("helium top %q: got exit %d and %q, want %q", words, r.exit, r.err, want)
		}
	}
}

func TestTopNamesInstancesThatAreRegisteredAndSilent(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	nc, err := b.Connect("registrar")
	check(t, err)
	registry, err := binder.NewClient(nc, "")
	check(t, err)
	_, err = registry.Register(t.Context(), binder.Record{Service: "kinds", Instance: "frozen", Methods: []binder.Method{{Name: "whole", Signature: "whole(int64) int64"}}})
	check(t, err)
	for services, want := range map[string]string{
		"":      "Registered, but silent: kinds frozen. ",
		"kinds": "Registered, but silent: kinds frozen. ",
		"other": "No instance answers of: other. ",
	} {
		r := heliumRun(t, append([]string{"top", "--once", "--interval", "100ms", "-s", url}, strings.Fields(services)...)...)
		if r.exit != cli.ExitOK || !strings.HasPrefix(r.err, want) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("helium top %s: got exit %d and %q, want %q…", services, r.exit, r.err, want)
		}
	}
}

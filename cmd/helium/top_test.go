package main

import (
	"encoding/json"
	"regexp"
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

func TestANamedServiceThatIsntRegisteredIsExit4OfEachSubcommandThatEnds(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for _, words := range []string{
		"ls knid", "ping knid", "describe knid", "gen ts knid", "gen openrpc knid", "gen ts kinds knid",
		"why knid", "why knid.whole", "call knid.whole 1", "call knid 1", "bench knid.whole 1 -n 1",
		"top knid --once --interval 100ms", "top knid --interval 100ms", "top kinds knid --once --interval 100ms",
		"top knid --once --interval 100ms -o ndjson", "top a\x1b[A --once --interval 100ms",
	} {
		r := heliumRun(t, append(strings.Fields(words), "-s", url)...)
		want := cli.ExitUnknown
		if strings.Contains(words, "\x1b") {
			want = cli.ExitUsage // no service can have that name
		}
		if r.exit != want || strings.Contains(r.err, "\x1b") {
			t.Errorf("helium %q: exit %d, want %d:\n%s", words, r.exit, want, r.err)
		}
		if want == cli.ExitUnknown && !regexp.MustCompile(`service\W+knid`).MatchString(r.err) {
			t.Errorf("helium %q told\n%s\nwant the service that isn't there", words, r.err)
		}
	}
}

func TestTopOfAMethodIsToldToBeNoService(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	r := heliumRun(t, "top", "kinds.whole", "--once", "--interval", "100ms", "-s", url)
	if r.exit != cli.ExitUsage || !strings.Contains(r.err, "name the service") {
		t.Errorf("exit %d, want %d, and what to name:\n%s", r.exit, cli.ExitUsage, r.err)
	}
}

func TestTopNamesInstancesThatAreRegisteredAndSilent(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	nc, err := b.Connect("registrar")
	check(t, err)
	registry, err := binder.NewClient(nc, "")
	check(t, err)
	for _, service := range []string{"kinds", "ghosts"} {
		_, err = registry.Register(t.Context(), binder.Record{Service: service, Instance: "frozen", Methods: []binder.Method{{Name: "whole", Signature: "whole(int64) int64"}}})
		check(t, err)
	}
	for _, tt := range []struct {
		services string
		exit     int
		want     string
	}{
		{"", cli.ExitOK, "Registered, but silent: ghosts frozen, kinds frozen. "},
		{"kinds", cli.ExitOK, "Registered, but silent: kinds frozen. "},
		{"ghosts", cli.ExitNoInstance, "helium: ghosts is registered (1 instance), and none answers\n"},
	} {
		r := heliumRun(t, append([]string{"top", "--once", "--interval", "100ms", "-s", url}, strings.Fields(tt.services)...)...)
		if r.exit != tt.exit || !strings.HasPrefix(r.err, tt.want) {
			t.Errorf("helium top %s: got exit %d and %q, want %d and %q…", tt.services, r.exit, r.err, tt.exit, tt.want)
		}
	}
}

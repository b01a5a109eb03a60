package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// linked calls math until a direct link stands, and returns that.
func linked(t *testing.T, url string) rpcclient.DirectLink {
	t.Helper()
	nc, err := nats.Connect(url)
	check(t, err)
	defer nc.Close()
	c, err := rpcclient.New(nc, rpcclient.Config{Logger: slog.New(slog.DiscardHandler)})
	check(t, err)
	defer c.Close()
	math := mathsvc.NewClient(c)
	for deadline := time.Now().Add(testPatience); ; time.Sleep(5 * time.Millisecond) {
		if sum, err := math.Add(t.Context(), 2, 3); err != nil || sum != 5 {
			t.Fatalf("got %v, %v; want 5", sum, err)
		}
		links := c.DirectLinks()
		if len(links) == 1 && links[0].Stage == rpcclient.Linked {
			return links[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %+v, want a link to the instance", links)
		}
	}
}

func TestWhatServesListensForDirectLinks(t *testing.T) {
	_, url := newBus(t, broker.Config{})
	folder := t.TempDir()
	for _, at := range []struct {
		flags   []string
		address string // that callers dial begins so
	}{
		{[]string{"--listen", "127.0.0.1:0"}, "127.0.0.1:"},
		{[]string{"--listen", "unix:" + folder}, "unix:" + folder},
		{[]string{"--listen", "127.0.0.1:0", "--advertise", "localhost:0"}, "localhost:"},
	} {
		server := startProcess(t, append([]string{"serve", "math", "-s", url}, at.flags...)...)
		eventually(t, "the server is there", func() bool { return strings.Contains(server.out.String(), "Server Online") }, server)
		if got := linked(t, url); !strings.HasPrefix(got.Address, at.address) {
			t.Errorf("helium serve math %q: calls go to %s, want an address that begins with %s", at.flags, got.Address, at.address)
		}
		check(t, server.cmd.Process.Signal(os.Interrupt))
		if got := server.exit(t); got != cli.ExitOK || server.err.String() != "" {
			t.Errorf("helium serve math %q: got exit %d, and it says %q; want 0 and nothing", at.flags, got, server.err.String())
		}
	}
}

func TestDevListensForDirectLinksOnLoopback(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dev := startProcess(t, "dev", "--listen", "127.0.0.1:0")
	got := linked(t, dev.url(t))
	if host, _, err := net.SplitHostPort(got.Address); err != nil || host != "127.0.0.1" {
		t.Errorf("calls go to %s, want an address on loopback", got.Address)
	}
}

func TestAnAddressThatCantBeListenedOnIsNamed(t *testing.T) {
	_, url := newBus(t, broker.Config{})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer taken.Close()
	r := heliumRun(t, "serve", "math", "-s", url, "--listen", taken.Addr().String())
	if r.exit != cli.ExitInternal || !strings.Contains(r.err, taken.Addr().String()) || !strings.Contains(r.err, "see --listen") {
		t.Errorf("got exit %d and\n%s\nwant 1, the address and the flag", r.exit, r.err)
	}
}

func TestWhichInstancesOfferDirectLinksIsShown(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	plain := serve(t, b, "kinds", kinds{}).Instance()
	if r := heliumRun(t, "describe", "kinds"); !strings.Contains(r.out, "\n  direct links: none; calls go by the bus\n") {
		t.Errorf("of a service that offers no direct links, helium describe says\n%s", r.out)
	}
	if r := heliumRun(t, "ls"); !strings.Contains(r.out, " bus ") || strings.Contains(r.out, "direct") {
		t.Errorf("of a service that offers no direct links, helium ls says\n%s", r.out)
	}
	listens := serveOn(t, b, rpcserver.Config{Listen: "127.0.0.1:0"}, "kinds", kinds{}).Instance()
	if r := heliumRun(t, "describe", "kinds"); !strings.Contains(r.out, "\n  direct links: offered by "+listens+"\n") {
		t.Errorf("helium describe doesn't say that %s offers direct links:\n%s", listens, r.out)
	}
	if r := heliumRun(t, "ls"); !strings.Contains(r.out, " bus, direct (1 of 2) ") {
		t.Errorf("helium ls doesn't say that one of two instances offers direct links:\n%s", r.out)
	}
	for _, line := range strings.Split(heliumRun(t, "ls", "kinds").out, "\n") {
		words := strings.Fields(line)
		for instance, want := range map[string]bool{plain: false, listens: true} {
			if len(words) > 0 && words[0] == instance && strings.Contains(line, "bus, direct") != want {
				t.Errorf("helium ls says %q, want that direct links are offered: %t", line, want)
			}
		}
	}
	var rows []instanceRow
	check(t, json.Unmarshal([]byte(heliumRun(t, "ls", "kinds", "-o", "json").out), &rows))
	for _, r := range rows {
		if r.Direct != (r.Instance == listens) {
			t.Errorf("helium ls -o json: got %+v, want direct true of %s alone", r, listens)
		}
	}
	want := `"direct":["` + listens + `"]`
	for _, args := range [][]string{{"ls"}, {"describe", "kinds"}} {
		r := heliumRun(t, append(args, "-o", "json")...)
		if got := strings.NewReplacer(" ", "", "\n", "").Replace(r.out); !strings.Contains(got, want) {
			t.Errorf("helium %q -o json: got %s, want %s in it", args, r.out, want)
		}
	}
}

func TestWhyEndsInByWhichLinkCallsGo(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	wantLines := func(when string, want ...string) {
		t.Helper()
		r := heliumRun(t, "why", "kinds.text")
		for _, line := range want {
			if !strings.Contains(r.out, "\n  links     "+line) {
				t.Errorf("%s, helium why says\n%s\nwant links: %s", when, r.out, line)
			}
		}
		if n := strings.Count(r.out, "\n  links "); n != len(want) {
			t.Errorf("%s, helium why has %d lines of links, want %d:\n%s", when, n, len(want), r.out)
		}
	}
	listens := serveOn(t, b, rpcserver.Config{Listen: "127.0.0.1:0"}, "kinds", kinds{})
	wantLines("of one that listens", "calls go by a direct link\n")
	per := serveOn(t, b, rpcserver.Config{PerMethod: true}, "kinds", kinds{})
	wantLines("of two", "calls to "+listens.Instance()+" go by a direct link\n", "calls to "+per.Instance()+" go by the bus: it offers no direct links, as its server is PerMethod\n")
	check(t, listens.Shutdown(t.Context()))
	wantLines("of one that is PerMethod", "calls go by the bus: it offers no direct links, as its server is PerMethod\n")
	if r := heliumRun(t, "why", "kinds.text"); !strings.Contains(r.out, "servers that are PerMethod") {
		t.Errorf("of one that is PerMethod, helium why says\n%s\nwant that this is why none is offered", r.out)
	}
}

func TestBenchTellsByWhichLinkCallsWent(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	serveOn(t, b, rpcserver.Config{Listen: "127.0.0.1:0"}, "kinds", kinds{})
	measure := func(flags ...string) (links struct{ Bus, Direct int }) {
		t.Helper()
		r := heliumRun(t, append([]string{"bench", "kinds.text", "x", "-o", "json"}, flags...)...)
		var report struct {
			OK    int
			Links *struct{ Bus, Direct int }
		}
		if err := json.Unmarshal([]byte(r.out), &report); err != nil || report.Links == nil || report.Links.Bus+report.Links.Direct != report.OK {
			t.Fatalf("helium bench %q: got exit %d and %s, want all calls counted by their link; it says %s", flags, r.exit, r.out, r.err)
		}
		return *report.Links
	}
	if got := measure("-n", "20", "--warmup", "0s", "--bus-only"); got.Direct != 0 {
		t.Errorf("with --bus-only: got %+v, want none by a direct link", got)
	}
	warmup := 100 * time.Millisecond
	for got := measure("-n", "20", "--warmup", warmup.String()); got.Bus > 0; got = measure("-n", "20", "--warmup", warmup.String()) {
		if warmup *= 2; warmup > testPatience {
			t.Fatalf("got %+v, want all calls by a direct link once it stands", got)
		}
	}
	if r := heliumRun(t, "bench", "kinds.text", "x", "-n", "5", "--warmup", "0s", "--bus-only"); !strings.Contains(r.out, "\n  link    bus\n") {
		t.Errorf("for people it says\n%s\nwant the link", r.out)
	}
}

func TestATraceTellsByWhichLinkACallWent(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{Listen: "127.0.0.1:0"}, "kinds", kinds{})
	nc, err := nats.Connect(url)
	check(t, err)
	defer nc.Close()
	for _, busOnly := range []bool{true, false} {
		c, err := rpcclient.New(nc, rpcclient.Config{BusOnly: busOnly, Logger: slog.New(slog.DiscardHandler)})
		check(t, err)
		defer c.Close()
		text := c.Method("kinds", "text", "", nil)
		var trace rpcclient.Trace
		for deadline := time.Now().Add(testPatience); ; time.Sleep(5 * time.Millisecond) {
			before := c.Stats().DirectFrames
			call := text.Begin(1)
			call.Trace = &trace
			call.Args.String("x")
			check(t, call.Do(t.Context()))
			check(t, call.End(nil))
			if went := c.Stats().DirectFrames > before; trace.Direct != went {
				t.Fatalf("got %+v, want Direct %t", trace, went)
			}
			if busOnly || trace.Direct {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("got %+v and %+v, want a call by a direct link", trace, c.DirectLinks())
			}
		}
	}
}

func TestWhySaysWhyCallsGoByTheBus(t *testing.T) {
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // who listens there is no Helium server
	check(t, err)
	defer deaf.Close()
	go func() {
		for {
			c, err := deaf.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	closed := loopback.UnusedAddress(t)
	for name, test := range map[string]struct {
		config              rpcserver.Config
		deny                string
		stage, status, says string
		link                string
	}{
		"not offered":   {rpcserver.Config{}, "", "offered", "skipped", "no instance offers direct links, so calls go by NATS", "bus"},
		"per method":    {rpcserver.Config{Listen: "127.0.0.1:0", PerMethod: true}, "", "offered", "skipped", "no instance offers", "bus"},
		"not permitted": {rpcserver.Config{Listen: "127.0.0.1:0"}, "helium.at.kinds.*", "ticket", "warning", "it may not publish to helium.at.kinds.", "bus"},
		"unreachable":   {rpcserver.Config{Listen: "127.0.0.1:0", Advertise: closed}, "", "reachable", "warning", closed, "bus"},
		"somebody else": {rpcserver.Config{Listen: "127.0.0.1:0", Advertise: deaf.Addr().String()}, "", "tls", "warning", "doesn't know the ticket", "bus"},
		"all is well":   {rpcserver.Config{Listen: "127.0.0.1:0"}, "", "tls", "ok", "none on one host", "direct"},
	} {
		t.Run(name, func(t *testing.T) {
			user := broker.User{Name: "u", Password: "x"}
			if test.deny != "" {
				user.Publish.Deny = []string{test.deny}
			}
			b, url := newBus(t, broker.Config{Users: []broker.User{user}})
			instance := serveOn(t, b, test.config, "kinds", kinds{}).Instance()
			as := []string{"-s", url, "--user", "u", "--password", "x"}
			report, stages, r := whyReportOf(t, "kinds.text", as...)
			if r.exit != cli.ExitOK || !report.OK {
				t.Errorf("got exit %d, want 0: the bus is enough; it says %s", r.exit, r.err)
			}
			checkStage(t, stages, test.stage, test.status, test.says)
			if len(report.Links) != 1 || report.Links[0].Instance != instance || report.Links[0].Link != test.link || (report.Links[0].Reason == "") != (test.link == "direct") {
				t.Errorf("got the links %+v, want calls to %s by %s, and why if that is the bus", report.Links, instance, test.link)
			}
			doctor := heliumRun(t, append([]string{"doctor"}, as...)...)
			if blamed := strings.Contains(doctor.out, "  warning  direct links"); doctor.exit != cli.ExitOK || blamed != (test.status == "warning") {
				t.Errorf("helium doctor: got exit %d, and it says\n%s\nwant a warning: %t", doctor.exit, doctor.out, test.status == "warning")
			}
			var rows []pingRow
			ping := heliumRun(t, append([]string{"ping", "kinds", "-o", "json"}, as...)...)
			check(t, json.Unmarshal([]byte(ping.out), &rows))
			for _, row := range rows {
				if row.Link == "direct" && (row.OK != (test.link == "direct") || !row.OK && row.Error == "") {
					t.Errorf("helium ping: got %+v, want it asked by a direct link: %t", row, test.link == "direct")
				}
			}
			want := 1
			if stages["offered"].Status == "ok" {
				want = 2
			}
			if len(rows) != want {
				t.Errorf("helium ping: got %+v, want %d answers", rows, want)
			}
			r = heliumRun(t, append([]string{"ping", "kinds", "--bus-only", "-o", "ndjson"}, as...)...)
			if strings.Contains(r.out, `"direct"`) {
				t.Errorf("helium ping --bus-only: got %s, want nobody asked by a direct link", r.out)
			}
		})
	}
}

func TestCallsAreCountedByTheirLink(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	srv := serveOn(t, b, rpcserver.Config{Listen: "127.0.0.1:0"}, "kinds", kinds{})
	nc, err := nats.Connect(url)
	check(t, err)
	defer nc.Close()
	c, err := rpcclient.New(nc, rpcclient.Config{Logger: slog.New(slog.DiscardHandler)})
	check(t, err)
	defer c.Close()
	calls := 0
	for deadline := time.Now().Add(testPatience); c.Stats().DirectFrames < 3; time.Sleep(5 * time.Millisecond) {
		_, err := rpcclient.Call[string](t.Context(), c, "kinds.text", "x")
		check(t, err)
		if calls++; time.Now().After(deadline) {
			t.Fatalf("got %+v, want calls by a direct link", c.DirectLinks())
		}
	}
	direct := c.Stats().DirectFrames
	r := heliumRun(t, "top", "--once", "--interval", "100ms", "-o", "json")
	var rows []struct {
		Method      string
		TotalCalls  uint64 `json:"total_calls"`
		TotalDirect uint64 `json:"total_direct"`
	}
	check(t, json.Unmarshal([]byte(r.out), &rows))
	for _, row := range rows {
		wantCalls, wantDirect := uint64(0), uint64(0)
		if row.Method == "text" {
			wantCalls, wantDirect = uint64(calls), direct
		}
		if row.TotalCalls != wantCalls || row.TotalDirect != wantDirect {
			t.Errorf("helium top: got %+v, want %d calls, of them %d by direct links", row, wantCalls, wantDirect)
		}
	}
	if got := srv.Stats().DirectCalls; got != direct {
		t.Errorf("the server counts %d calls by direct links, want %d", got, direct)
	}
	stats, err := nc.Request("$SRV.STATS.kinds."+srv.Instance(), nil, testPatience)
	check(t, err)
	if want := fmt.Sprintf(`"direct":%d,`, direct); strings.Count(string(stats.Data), `"direct":`) != 1 || !strings.Contains(string(stats.Data), want) {
		t.Errorf("got %s, want %s of one method alone", stats.Data, want)
	}
}

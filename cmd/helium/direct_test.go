package main

import (
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
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

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// onePong passes bytes on to a NATS server and back, but for the answers to all pings but the
// first, with which a client connects.
func onePong(t *testing.T, to string) (url string) {
	return relay(t, to, func(client, server net.Conn) {
		go func() {
			_, _ = io.Copy(server, client)
			_ = server.Close()
		}()
		pongs := 0
		for lines := bufio.NewReader(server); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			if string(line) == "PONG\r\n" {
				if pongs++; pongs > 1 {
					continue
				}
			}
			_, _ = client.Write(line)
		}
	})
}

func TestPingEndsInTimeAndWith3WhereNATSItselfDoesNotAnswer(t *testing.T) {
	_, url := newBus(t, broker.Config{})
	r := heliumRun(t, "ping", "-s", onePong(t, url), "-o", "json", "--timeout", "2s")
	var rows []pingRow
	if err := json.Unmarshal([]byte(r.out), &rows); err != nil || len(rows) != 2 {
		t.Fatalf("got %q, want a row of NATS and one of the binder; it says:\n%s", r.out, r.err)
	}
	if rows[0].OK || rows[0].Error != "no answer in time" || !rows[1].OK {
		t.Errorf("got %+v, want no answer of NATS and one of the binder", rows)
	}
	if r.exit != cli.ExitNoBus || !strings.Contains(r.err, "NATS didn't answer") {
		t.Errorf("got exit %d, want %d and why; it says:\n%s", r.exit, cli.ExitNoBus, r.err)
	}
}

func TestPingShowsHowNATSAnsweredAlsoWhereNoBinderDoes(t *testing.T) {
	for _, c := range []struct {
		what   string
		listen bool // a program listens in the binder's place, and says nothing
		words  string
	}{
		{"no binder", false, "no binder answers"},
		{"a frozen binder", true, "the binder didn't answer on helium.binder.list"},
	} {
		b, url := newBusWithoutBinder(t, broker.Config{})
		if c.listen {
			nc, err := b.Connect("frozen")
			check(t, err)
			defer nc.Close()
			_, err = nc.SubscribeSync("helium.binder.>")
			check(t, err)
			check(t, nc.Flush())
		}
		r := heliumRun(t, "ping", "-s", url, "-o", "json", "--timeout", "2s")
		var rows []pingRow
		if err := json.Unmarshal([]byte(r.out), &rows); err != nil || len(rows) != 2 {
			t.Fatalf("%s: got %q, want a row of NATS and one of the binder; it says:\n%s", c.what, r.out, r.err)
		}
		if rows[0].What != "nats" || !rows[0].OK || rows[1].What != "binder" || rows[1].OK || !strings.Contains(rows[1].Error, c.words) {
			t.Errorf("%s: got %+v, want an answer of NATS, and of the binder that %s", c.what, rows, c.words)
		}
		if r.exit != cli.ExitNoBus || !strings.Contains(r.err, c.words) {
			t.Errorf("%s: got exit %d, want %d and that %s; it says:\n%s", c.what, r.exit, cli.ExitNoBus, c.words, r.err)
		}
	}
}

func TestPingSaysThatItsTimeWasTooShortInsteadOfAccusingInstances(t *testing.T) {
	b, _ := newBus(t, broker.Config{})
	whenAsked(t, b, func() {})
	nc, err := b.Connect("pings")
	check(t, err)
	defer nc.Close()
	env := cli.NewEnv(strings.NewReader(""), io.Discard, io.Discard, nil)
	records := []binder.Record{{Service: "diary", Instance: "slow"}}
	for _, c := range []struct {
		within time.Duration
		words  string
		exit   int
	}{
		{0, "too short", cli.ExitDeadline},
		{30 * time.Millisecond, "too short", cli.ExitDeadline},
		{cli.TimeToTell + 100*time.Millisecond, "it may be frozen", cli.ExitNoInstance},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), c.within)
		defer cancel()
		rows := pingInstances(ctx, env, nc, records)
		if len(rows) != 1 || !strings.Contains(rows[0].Error, c.words) {
			t.Errorf("within %v: got %+v, want that %s", c.within, rows, c.words)
		}
		if got := cli.ExitCodeOf(silentInstances(env, rows)); got != c.exit {
			t.Errorf("within %v: got exit %d, want %d", c.within, got, c.exit)
		}
	}
}

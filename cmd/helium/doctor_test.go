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

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// checksOf runs "helium doctor -o json" and returns its checks by name.
func checksOf(t *testing.T, args ...string) (checks map[string]doctorCheck, r ran) {
	t.Helper()
	r = heliumRun(t, append([]string{"doctor", "-o", "json"}, args...)...)
	var report doctorReport
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatalf("helium doctor %q printed no report: %v\n%s\n%s", args, err, r.out, r.err)
	}
	checks = make(map[string]doctorCheck)
	for _, c := range report.Checks {
		checks[c.Check] = c
	}
	if report.Exit != r.exit || report.OK != (r.exit == cli.ExitOK) {
		t.Errorf("the report says exit %d and ok %t; got exit %d", report.Exit, report.OK, r.exit)
	}
	return checks, r
}

func checkCheck(t *testing.T, checks map[string]doctorCheck, name, status, words, next string) {
	t.Helper()
	if c := checks[name]; c.Status != status || !strings.Contains(c.Found, words) || !strings.Contains(c.Next, next) {
		t.Errorf("check %s: got %s, %q, next %q; want %s with %q and %q", name, c.Status, c.Found, c.Next, status, words, next)
	}
}

func TestTheDoctorTellsWhatTheUserMayNot(t *testing.T) {
	deny := func(subjects ...string) broker.Subjects { return broker.Subjects{Deny: subjects} }
	_, url := newBus(t, broker.Config{Users: []broker.User{
		{Name: "asker", Password: "x", Publish: deny("helium.binder.lookup.>")},
		{Name: "lister", Password: "x", Publish: deny("helium.binder.list", "$JS.>", "$SYS.>")},
		{Name: "deaf", Password: "x", Subscribe: deny("_INBOX.deaf.>")},
	}})
	user := func(name string) []string { return []string{"-s", url, "--user", name, "--password", "x"} }

	checks, r := checksOf(t, user("asker")...)
	if r.exit != cli.ExitNoBus {
		t.Errorf("exit %d, want %d", r.exit, cli.ExitNoBus)
	}
	checkCheck(t, checks, "user", statusOK, "asker, account", "")
	checkCheck(t, checks, "permissions", statusFailed, "can't call by name", "allow the user to publish to helium.binder.lookup.>")
	checkCheck(t, checks, "binder", statusSkipped, "may not be asked", "")

	checks, r = checksOf(t, user("lister")...)
	if r.exit != cli.ExitOK {
		t.Errorf("exit %d, want 0: what it may not is nothing that calls need\n%s", r.exit, r.err)
	}
	checkCheck(t, checks, "permissions", statusWarning, "may not publish to helium.binder.list", "allow it")
	checkCheck(t, checks, "user", statusSkipped, "may not ask", "")
	checkCheck(t, checks, "clock", statusSkipped, "", "")
	checkCheck(t, checks, "bucket", statusSkipped, "may not look", "")
	checkCheck(t, checks, "binder", statusOK, "answers", "")
	checkCheck(t, checks, "instances", statusSkipped, "may not list", "")

	checks, r = checksOf(t, user("nobody")...)
	if r.exit != cli.ExitNoBus {
		t.Errorf("exit %d, want %d", r.exit, cli.ExitNoBus)
	}
	checkCheck(t, checks, "nats", statusFailed, "refused", "--user")

	checks, r = checksOf(t, user("deaf")...)
	if r.exit != cli.ExitNoBus {
		t.Errorf("exit %d, want %d", r.exit, cli.ExitNoBus)
	}
	checkCheck(t, checks, "inbox", statusFailed, "may not subscribe to _INBOX.deaf.>", "allow the user to subscribe")
}

func TestTheDoctorKnowsSmallMessagesAndABucketThatIsNone(t *testing.T) {
	b, url := newBus(t, broker.Config{MaxPayload: 64 << 10})
	nc, err := b.Connect("test")
	check(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	check(t, err)
	stream, err := js.Stream(t.Context(), "KV_helium_registry")
	check(t, err)
	cfg := stream.CachedInfo().Config
	cfg.SubjectDeleteMarkerTTL = 0
	cfg.MaxAge = 0
	_, err = js.UpdateStream(t.Context(), cfg)
	check(t, err)
	checks, r := checksOf(t, "-s", url)
	if r.exit != cli.ExitOK {
		t.Errorf("exit %d, want 0: these are warnings\n%s", r.exit, r.err)
	}
	checkCheck(t, checks, "max_payload", statusWarning, "64 KiB", "max_payload")
	checkCheck(t, checks, "bucket", statusWarning, "no lease", "restart a binder")
	checkCheck(t, checks, "bucket", statusWarning, "no markers", "")
}

func TestTheDoctorStopsWithItsTime(t *testing.T) {
	_, url := newBus(t, broker.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err lockedBuffer
	if exit := run(ctx, []string{"doctor", "-s", url}, strings.NewReader(""), &out, &err); exit != cli.ExitInterrupted {
		t.Errorf("exit %d after an interrupt, want %d", exit, cli.ExitInterrupted)
	}
}

func TestAServerThatFallsSilentIsWaitedForNoLongerThanWanted(t *testing.T) {
	_, to := newBus(t, broker.Config{})
	for _, words := range []string{"doctor", "why math.add"} {
		url := relay(t, to, func(client, server net.Conn) {
			go func() { _, _ = io.Copy(server, client) }()
			for answers := bufio.NewReader(server); ; {
				line, err := answers.ReadString('\n')
				if err != nil {
					return
				}
				_, _ = io.WriteString(client, line)
				if strings.HasPrefix(line, "PONG") {
					break // it is connected
				}
			}
			_, _ = io.Copy(io.Discard, server)
		})
		began := time.Now()
		r := heliumRun(t, append(strings.Fields(words), "-s", url, "--timeout", "1s")...)
		if took := time.Since(began); took > 4*time.Second || r.exit == cli.ExitOK {
			t.Errorf("helium %s --timeout 1s: got exit %d after %v, want it failed after about 1s; it says:\n%s%s", words, r.exit, took, r.out, r.err)
		}
	}
}

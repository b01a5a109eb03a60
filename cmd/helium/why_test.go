package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/rpcserver"
)

// diary is a service whose methods note that they ran, whatever they are given.
type diary struct {
	ran     atomic.Int64
	entered chan struct{} // gets a value from each Wait that begins
	leave   chan struct{} // ends each Wait when closed
}

func newDiary() *diary { return &diary{entered: make(chan struct{}, 100), leave: make(chan struct{})} }

func (d *diary) None()                { d.ran.Add(1) }
func (d *diary) One(any)              { d.ran.Add(1) }
func (d *diary) All(...any)           { d.ran.Add(1) }
func (d *diary) Some(string, ...*int) { d.ran.Add(1) }

func (d *diary) Wait(ctx context.Context) {
	d.entered <- struct{}{}
	select {
	case <-d.leave:
	case <-ctx.Done():
	}
}

// serveOn serves impl on a broker until the test ends.
func serveOn(t *testing.T, b *broker.Broker, cfg rpcserver.Config, name string, impl any) *rpcserver.Server {
	t.Helper()
	nc, err := b.Connect("server")
	check(t, err)
	cfg.Logger = slog.New(slog.DiscardHandler)
	srv := rpcserver.New(nc, cfg)
	check(t, rpcserver.Register(srv, name, impl))
	check(t, srv.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testPatience)
		defer cancel()
		check(t, srv.Shutdown(ctx))
		nc.Close()
	})
	return srv
}

// registered puts a record into the registry behind which there is no server.
func registered(t *testing.T, b *broker.Broker, instance string) *nats.Conn {
	t.Helper()
	nc, err := b.Connect("nobody")
	check(t, err)
	t.Cleanup(nc.Close)
	reg, err := binder.NewClient(nc, "")
	check(t, err)
	_, err = reg.Register(t.Context(), binder.Record{
		Service: "diary", Instance: instance, Methods: []binder.Method{{Name: "one", Signature: "one(x any)"}},
	})
	check(t, err)
	return nc
}

// whyReportOf runs "helium why -o json".
func whyReportOf(t *testing.T, name string, args ...string) (report whyReport, stages map[string]whyStage, r ran) {
	t.Helper()
	r = heliumRun(t, append([]string{"why", name, "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatalf("helium why %s %q printed no report: %v\n%s\n%s", name, args, err, r.out, r.err)
	}
	stages = make(map[string]whyStage)
	for _, s := range report.Stages {
		stages[s.Stage] = s
	}
	if report.Exit != r.exit {
		t.Errorf("the report says exit %d, got %d", report.Exit, r.exit)
	}
	return report, stages, r
}

// checkStage wants a stage to have ended so, with some words.
func checkStage(t *testing.T, stages map[string]whyStage, name, status, words string) {
	t.Helper()
	if s := stages[name]; s.Status != status || !strings.Contains(s.Found, words) {
		t.Errorf("stage %s: got %s, %q; want %s with %q", name, s.Status, s.Found, status, words)
	}
}

func TestWhyRunsNothing(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	d := newDiary()
	srv := serveOn(t, b, rpcserver.Config{}, "diary", d)
	for _, method := range []string{"none", "one", "all", "some"} {
		report, stages, r := whyReportOf(t, "diary."+method, "-s", url)
		if !report.OK || r.exit != cli.ExitOK {
			t.Errorf("why diary.%s: ok %t, exit %d; want true and 0\n%s", method, report.OK, r.exit, r.err)
		}
		checkStage(t, stages, "probe", statusOK, srv.Instance())
	}
	if n := d.ran.Load(); n != 0 {
		t.Errorf("%d handlers ran, want none", n)
	}
	if s := srv.Stats(); s.Malformed != 0 {
		t.Errorf("the server counts %d messages that break the protocol, want none", s.Malformed)
	}
	if r := heliumRun(t, "call", "diary.none", "-s", url); r.exit != cli.ExitOK || d.ran.Load() != 1 {
		t.Errorf("a call: exit %d, %d handlers ran; want 0 and one, or the count counts nothing", r.exit, d.ran.Load())
	}
}

func TestWhyTellsWhatTheUserMayNot(t *testing.T) {
	deny := func(subjects ...string) broker.Subjects { return broker.Subjects{Deny: subjects} }
	b, url := newBus(t, broker.Config{Users: []broker.User{
		{Name: "caller", Password: "x", Publish: deny("helium.call.diary.one")},
		{Name: "asker", Password: "x", Publish: deny("helium.binder.lookup.>")},
		{Name: "deaf", Password: "x", Subscribe: deny("_INBOX.deaf.>")},
		{Name: "modest", Password: "x", Publish: deny("helium.at.>", "$JS.>")},
	}})
	serveOn(t, b, rpcserver.Config{}, "diary", newDiary())
	for _, test := range []struct {
		user, stage, status, words string
		exit                       int
		next                       string
	}{
		{"caller", "may call", statusFailed, "may not publish to helium.call.diary.one", cli.ExitNoBus, "allow the user to publish to helium.call.diary.one"},
		{"caller", "probe", statusSkipped, "nothing can be sent there", cli.ExitNoBus, "allow"},
		{"asker", "permissions", statusFailed, "may not publish to helium.binder.lookup.diary.one", cli.ExitNoBus, "allow the user to publish to helium.binder.lookup.>"},
		{"asker", "probe", statusOK, "nothing was run", cli.ExitNoBus, "allow"},
		{"deaf", "permissions", statusFailed, "may not subscribe to _INBOX.deaf.>", cli.ExitNoBus, "allow the user to subscribe to _INBOX.deaf.>"},
		{"deaf", "subscribers", statusSkipped, "answers can't be received", cli.ExitNoBus, "allow"},
		{"modest", "probe", statusOK, "nothing was run", cli.ExitOK, "helium call"},
		{"modest", "lease", statusSkipped, "may not look", cli.ExitOK, "helium call"},
		{"nobody", "nats", statusFailed, "refused", cli.ExitNoBus, "--user"},
	} {
		report, stages, r := whyReportOf(t, "diary.one", "-s", url, "--user", test.user, "--password", "x")
		if r.exit != test.exit || !strings.Contains(report.Next, test.next) {
			t.Errorf("%s: exit %d, next %q; want %d with %q", test.user, r.exit, report.Next, test.exit, test.next)
		}
		checkStage(t, stages, test.stage, test.status, test.words)
	}
}

func TestWhyFindsAnInstanceThatTakesCallsAndDoesntAnswer(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{}, "diary", newDiary())
	nc := registered(t, b, "frozen") // as a stopped process, it keeps its subscriptions
	for _, subject := range []string{"helium.call.diary.one", "helium.at.diary.frozen.>"} {
		_, err := nc.QueueSubscribeSync(subject, "helium")
		check(t, err)
	}
	check(t, nc.Flush())
	var stages map[string]whyStage
	var r ran
	// The other instance, or this process, may stand still for as long as answers are
	// waited for. Then they are waited for longer.
	for timeout := 2 * time.Second; timeout < 2*testPatience; timeout *= 4 {
		_, stages, r = whyReportOf(t, "diary.one", "-s", url, "--timeout", timeout.String())
		if probed := stages["probe"].Found; probed != "" && !strings.Contains(probed, "(2 of 2 instances)") {
			break
		}
	}
	if r.exit != cli.ExitDeadline {
		t.Errorf("exit %d, want %d", r.exit, cli.ExitDeadline)
	}
	checkStage(t, stages, "probe", statusFailed, "no answer from frozen (1 of 2 instances)")
}

func TestWhyTellsOfInstancesThatHaveTooMuchToDo(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	d := newDiary()
	defer close(d.leave)
	srv := serveOn(t, b, rpcserver.Config{MaxInFlight: 1, MaxQueue: -1}, "diary", d)
	nc, err := b.Connect("caller")
	check(t, err)
	defer nc.Close()
	check(t, nc.PublishRequest("helium.call.diary.wait", nc.NewInbox(), nil))
	select {
	case <-d.entered:
	case <-time.After(testPatience):
		t.Fatal("the call doesn't begin")
	}
	report, stages, r := whyReportOf(t, "diary.one", "-s", url)
	if r.exit != cli.ExitNoInstance || !strings.Contains(report.Next, "start more instances") {
		t.Errorf("exit %d, next %q; want %d and more instances", r.exit, report.Next, cli.ExitNoInstance)
	}
	checkStage(t, stages, "probe", statusFailed, "as many calls in flight as it takes")
	if !strings.Contains(r.err, srv.Instance()) {
		t.Errorf("the error doesn't name the instance %s:\n%s", srv.Instance(), r.err)
	}
}

func TestWhyFindsAProgramThatIsNoHeliumServer(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	nc := registered(t, b, "foreign")
	for _, subject := range []string{"helium.call.diary.one", "helium.at.diary.foreign.>"} {
		_, err := nc.Subscribe(subject, func(m *nats.Msg) { _ = m.Respond([]byte("pardon?")) })
		check(t, err)
	}
	check(t, nc.Flush())
	_, stages, r := whyReportOf(t, "diary.one", "-s", url)
	if r.exit != cli.ExitInternal {
		t.Errorf("exit %d, want %d", r.exit, cli.ExitInternal)
	}
	checkStage(t, stages, "probe", statusFailed, "isn't one of a Helium server")
}

func TestWhyNoticesInstancesOfAnotherSignature(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{}, "diary", newDiary()) // one(any), without a name
	registered(t, b, "older")
	_, stages, r := whyReportOf(t, "diary.one", "-s", url)
	if r.exit != cli.ExitOK {
		t.Errorf("exit %d, want 0:\n%s", r.exit, r.err)
	}
	checkStage(t, stages, "record", statusWarning, "other instances have another signature")
	checkStage(t, stages, "probe", statusWarning, "not there any more: older")
}

func TestWhyEndsWithItsTime(t *testing.T) {
	_, url := newBus(t, broker.Config{})
	report, _, r := whyReportOf(t, "diary.one", "-s", url, "--timeout", "1ns")
	if r.exit != cli.ExitDeadline || !strings.Contains(report.Next, "--timeout 1m") {
		t.Errorf("exit %d, next %q; want %d and more time", r.exit, report.Next, cli.ExitDeadline)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err lockedBuffer
	if exit := run(ctx, []string{"why", "diary.one", "-s", url}, strings.NewReader(""), &out, &err); exit != cli.ExitInterrupted {
		t.Errorf("exit %d after an interrupt, want %d", exit, cli.ExitInterrupted)
	}
}

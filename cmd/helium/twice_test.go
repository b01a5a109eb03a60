package main

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/rpcserver"
)

// newShared starts a NATS server whose account "imports" imports the services of "exports", with
// a binder in the latter, and returns how to connect as a user of either.
func newShared(t *testing.T) (urlOf func(user string) string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "nats.conf")
	check(t, os.WriteFile(file, []byte(`listen: "127.0.0.1:-1"
accounts: {
  EXPORTS: { jetstream: enabled, users: [{user: exports, password: pw}], exports: [{service: "helium.>", response_type: stream}] }
  IMPORTS: { users: [{user: imports, password: pw}], imports: [{service: {account: EXPORTS, subject: "helium.>"}}] }
}`), 0o600))
	options, err := server.ProcessConfigFile(file)
	check(t, err)
	options.JetStream, options.StoreDir, options.NoSigs, options.NoLog = true, dir, true, true
	s, err := server.NewServer(options)
	check(t, err)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(testPatience) {
		t.Fatal("the NATS server doesn't start")
	}
	urlOf = func(user string) string {
		u, err := url.Parse(s.ClientURL())
		check(t, err)
		u.User = url.UserPassword(user, "pw")
		return u.String()
	}
	reg, err := binder.Start(t.Context(), connectTo(t, urlOf("exports")), binder.Config{Logger: slog.New(slog.DiscardHandler)})
	check(t, err)
	t.Cleanup(reg.Close)
	return urlOf
}

func connectTo(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url)
	check(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func TestWhyAndDoctorFindServicesWhoseCallsNATSDeliversTwice(t *testing.T) {
	urlOf := newShared(t)
	d := newDiary()
	var instances []string
	ask := func(status, words string) {
		t.Helper()
		report, stages, r := whyReportOf(t, "diary.some", "-s", urlOf("imports"))
		if !report.OK || r.exit != cli.ExitOK {
			t.Errorf("why: ok %t, exit %d; want true and 0, as calls work\n%s", report.OK, r.exit, r.err)
		}
		checkStage(t, stages, "probe", status, words)
		const next = "run its instances in one account alone"
		if said := strings.HasPrefix(stages["probe"].Next, next); said != (status == statusWarning) {
			t.Errorf("why, where it found %s, says next %q", words, stages["probe"].Next)
		}
		if r = heliumRun(t, "why", "diary.some", "-s", urlOf("imports")); strings.Contains(r.out, "next: "+next) != (status == statusWarning) {
			t.Errorf("why, where it found %s, says:\n%s", words, r.out)
		}
		r = heliumRun(t, "doctor", "-s", urlOf("imports"))
		if said := strings.Contains(r.out, "calls of diary run twice"); said != (status == statusWarning) || said && !strings.Contains(r.out, "next: "+next) {
			t.Errorf("doctor, where why found %s, says:\n%s", words, r.out)
		}
		if said := words; status == statusWarning {
			for _, instance := range instances {
				if !strings.Contains(stages["probe"].Found, instance) {
					t.Errorf("why says %q, %s; want it to name %s", stages["probe"].Found, said, instance)
				}
			}
		}
	}
	for _, account := range []string{"exports", "imports"} {
		srv := rpcserver.New(connectTo(t, urlOf(account)), rpcserver.Config{Logger: slog.New(slog.DiscardHandler)})
		check(t, rpcserver.Register(srv, "diary", d))
		check(t, srv.Start(t.Context()))
		t.Cleanup(func() { check(t, srv.Shutdown(context.WithoutCancel(t.Context()))) })
		if instances = append(instances, srv.Instance()); len(instances) == 1 {
			ask(statusOK, "nothing was run")
		}
	}
	ask(statusWarning, "calls of diary run twice")
	if n := d.ran.Load(); n != 0 {
		t.Errorf("%d handlers ran, want none", n)
	}
}

package main

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

// serveLimited serves math as a user who may answer only by allow_responses.
func serveLimited(t *testing.T, most int) (url string) {
	t.Helper()
	b, url := newBus(t, broker.Config{Users: []broker.User{
		{Name: "server", Password: "x", Responses: most, Publish: broker.Subjects{Allow: []string{"helium.binder.>", "$SYS.REQ.USER.INFO"}}},
		{Name: "me", Password: "x"},
	}})
	quiet := slog.New(slog.DiscardHandler)
	nc, err := b.ConnectWith(t.Context(), bus.Config{Name: "server", User: "server", Password: "x", Logger: quiet})
	check(t, err)
	srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet})
	check(t, rpcserver.Register[mathsvc.Service](srv, "math", mathsvc.New()))
	check(t, srv.Start(t.Context()))
	t.Cleanup(func() { check(t, srv.Shutdown(t.Context())) })
	return url
}

func TestAnswersThatWillGetLostAreToldOfBeforeAnybodyCalls(t *testing.T) {
	for _, most := range []int{1, 10} {
		url := serveLimited(t, most)
		me := []string{"-s", url, "--user", "me", "--password", "x"}

		report, stages, r := whyReportOf(t, "math.add", me...)
		if !report.OK || r.exit != cli.ExitOK {
			t.Errorf("why: ok %t, exit %d; want true and 0, as it can be called\n%s", report.OK, r.exit, r.err)
		}
		checkStage(t, stages, "record", statusWarning, `"_INBOX.>"`)

		checks, r := checksOf(t, me...)
		if r.exit != cli.ExitOK {
			t.Errorf("doctor: exit %d, want 0: it is a warning\n%s", r.exit, r.err)
		}
		checkCheck(t, checks, "instances", statusWarning, "allow_responses", `publish: "_INBOX.>"`)
		checkCheck(t, checks, "user", statusOK, "me", "")

		r = heliumRun(t, append([]string{"describe", "math"}, me...)...)
		if r.exit != cli.ExitOK || !strings.Contains(r.out, "  warning: math/") || !strings.Contains(r.out, "_INBOX.>") {
			t.Errorf("describe: exit %d, %q; want the warning", r.exit, r.out)
		}
		r = heliumRun(t, append([]string{"describe", "math", "-o", "json"}, me...)...)
		var described struct{ Warnings []lookup.Warning }
		check(t, json.Unmarshal([]byte(r.out), &described))
		if len(described.Warnings) != 1 || described.Warnings[0].Reason != rpcserver.WarningAnswersLimited || len(described.Warnings[0].Instances) != 1 {
			t.Errorf("describe -o json: warnings %+v, want one of one instance", described.Warnings)
		}
	}
}

func TestTheDoctorWarnsAUserWhoseServersWouldLoseAnswers(t *testing.T) {
	url := serveLimited(t, 10)
	checks, _ := checksOf(t, "-s", url, "--user", "server", "--password", "x")
	checkCheck(t, checks, "user", statusWarning, "10 messages a request", "_INBOX.>")
}

func TestInstancesThatMayAnswerAreWarnedOfByNoCommand(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	for range 2 {
		serveOn(t, b, rpcserver.Config{}, "diary", newDiary())
	}
	checks, _ := checksOf(t, "-s", url)
	checkCheck(t, checks, "instances", statusOK, "2 instances of 1 service", "")
	r := heliumRun(t, "describe", "diary", "-s", url)
	if strings.Contains(r.out, "warning") {
		t.Errorf("describe warns of nothing: %q", r.out)
	}
}

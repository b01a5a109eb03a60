package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestAUserWhoMayReceiveNoAnswersEndsEachSubcommandWith3(t *testing.T) {
	_, url := newBus(t, broker.Config{Users: []broker.User{
		{Name: "deaf", Password: "x", Subscribe: broker.Subjects{Deny: []string{"_INBOX.>"}}},
	}})
	for _, words := range []string{
		"call math.add 1 2", "call math.add --template", "bench math.add 1 2 -n 1", "ls", "ping math", "describe math", "why math.add", "doctor", "top --once",
	} {
		r := heliumRun(t, append(strings.Fields(words), "-s", url, "--user", "deaf", "--password", "x", "--timeout", "4s")...)
		if r.exit != cli.ExitNoBus || strings.Contains(r.err, "--help") {
			t.Errorf("helium %s: got exit %d, want %d and no word of the command line; it says:\n%s", words, r.exit, cli.ExitNoBus, r.err)
		}
	}
}

func TestWhatAUserMayNotDoIsPermissionDeniedOfEachSubcommand(t *testing.T) {
	_, url := newBus(t, broker.Config{Users: []broker.User{
		{Name: "deaf", Password: "x", Subscribe: broker.Subjects{Deny: []string{"_INBOX.>"}}},
		{Name: "blind", Password: "x", Publish: broker.Subjects{Deny: []string{"helium.binder.>", "$SRV.>"}}},
	}})
	for _, user := range []string{"deaf", "blind"} {
		for _, words := range []string{"call math.add 1 2", "bench math.add 1 2 -n 1", "ls", "ping math", "describe math", "why math.add", "doctor", "top --once", "gen ts math"} {
			r := heliumRun(t, append(strings.Fields(words), "-s", url, "--user", user, "--password", "x", "--timeout", "4s", "-o", "json")...)
			lines := strings.Split(strings.TrimSpace(r.err), "\n")
			var said struct{ Error cli.Report }
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &said); err != nil || r.exit != cli.ExitNoBus || said.Error.Code != "permission_denied" {
				t.Errorf("%s: helium %s: got exit %d, %v and\n%swant exit %d and the code permission_denied", user, words, r.exit, err, r.err, cli.ExitNoBus)
			}
		}
	}
}

package main

import (
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
		"call math.add 1 2", "call math.add --template", "bench math.add 1 2 -n 1", "ls", "ping math", "describe math", "why math.add", "doctor",
	} {
		r := heliumRun(t, append(strings.Fields(words), "-s", url, "--user", "deaf", "--password", "x", "--timeout", "4s")...)
		if r.exit != cli.ExitNoBus || strings.Contains(r.err, "--help") {
			t.Errorf("helium %s: got exit %d, want %d and no word of the command line; it says:\n%s", words, r.exit, cli.ExitNoBus, r.err)
		}
	}
}

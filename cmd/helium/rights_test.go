package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestTheDoctorWarnsOfMethodsThatAreDeniedByTheBusAndCanBeCalledByALink(t *testing.T) {
	b, url := newBus(t, broker.Config{Users: []broker.User{
		{Name: "partly", Password: "x", Publish: broker.Subjects{Deny: []string{"helium.call.diary.one", "helium.at.diary.*.one"}}},
		{Name: "wholly", Password: "x", Publish: broker.Subjects{Deny: []string{"helium.call.diary.one", "helium.at.diary.*.one", "helium.at.diary.*", "helium.call.diary"}}},
		{Name: "free", Password: "x"},
	}})
	serveOn(t, b, rpcserver.Config{Listen: "127.0.0.1:0"}, "diary", newDiary())
	for user, want := range map[string]string{"partly": "is denied 1 of 5 methods such as diary.one", "wholly": "may not ask for a ticket", "free": ""} {
		checks, r := checksOf(t, "-s", url, "--user", user, "--password", "x")
		links := checks["direct links"]
		if r.exit != cli.ExitOK || (links.Status == statusWarning) != (want != "") || !strings.Contains(links.Found, want) {
			t.Errorf("%s: got exit %d and %+v, want %q", user, r.exit, links, want)
		}
		if user == "partly" && !strings.Contains(links.Next, "helium.at.diary.*") {
			t.Errorf("it advises %q, want to deny helium.at.diary.* as well", links.Next)
		}
		if user == "wholly" {
			if r := heliumRun(t, "why", "diary.none", "-s", url, "--user", user, "--password", "x"); !strings.Contains(r.out, "if it may call every method of diary") {
				t.Errorf("helium why says\n%s\nwant that the right to links is that to every method", r.out)
			}
		}
	}
}

func TestTheDoctorKnowsAServersUser(t *testing.T) {
	// As in the recipe, but without the right to ask about itself.
	subscribe := broker.Subjects{Allow: []string{"helium.call.math", "helium.call.math.*", "helium.at.math.>", "helium.ctl.math.*", "_INBOX.*.>", "$SRV.>"}}
	register := []string{"helium.binder.register.math", "helium.binder.renew.math", "helium.binder.end.math"}
	_, url := newBus(t, broker.Config{Users: []broker.User{
		{Name: "fit", Password: "x", Subscribe: subscribe, Publish: broker.Subjects{Allow: append([]string{"_INBOX.>"}, register...)}},
		{Name: "limited", Password: "x", Subscribe: subscribe, Publish: broker.Subjects{Allow: register}, Responses: 1},
	}})
	for user, want := range map[string]string{"fit": statusSkipped, "limited": statusWarning} {
		checks, r := checksOf(t, "-s", url, "--user", user, "--password", "x")
		if r.exit != cli.ExitOK {
			t.Errorf("%s: exit %d, want 0: a server needs no lookup\n%s", user, r.exit, r.err)
		}
		checkCheck(t, checks, "permissions", statusWarning, "fit for a server", "if it calls")
		if got := checks["user"]; got.Status != want {
			t.Errorf("%s: got %+v, want %s", user, got, want)
		}
		if user == "limited" {
			checkCheck(t, checks, "user", statusWarning, "as far as allow_responses permits", "_INBOX.>")
		}
	}
}

func TestWhatDevSuggestsNamesItsUserAndItsPrefixAndNoSecret(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dev := startProcess(t, "dev", "--listen", "127.0.0.1:0", "--prefix", "shop", "--user", "ann", "--password", "s3cret")
	eventually(t, "it says what to try", func() bool { return strings.Contains(dev.out.String(), "how fast it is") }, dev)
	out := dev.out.String()
	for _, want := range []string{"export NATS_URL=", "export NATS_USER=ann\n", "read -rs NATS_PASSWORD && export NATS_PASSWORD", "helium ls --prefix shop ", "helium call math.add 2 3 --prefix shop "} {
		if !strings.Contains(out, want) {
			t.Errorf("it says\n%s\nwant %q in it", out, want)
		}
	}
	if strings.Contains(out, "s3cret") {
		t.Errorf("it tells the password:\n%s", out)
	}
}

func TestPingOpensLinksThoughAnotherInstanceDoesntAnswer(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	well := serveOn(t, b, rpcserver.Config{Listen: "127.0.0.1:0"}, "diary", newDiary()).Instance()
	nc := registered(t, b, "frozen") // as a stopped process, it keeps its subscriptions
	_, err := nc.SubscribeSync("helium.at.diary.frozen.>")
	check(t, err)
	check(t, nc.Flush())
	r := heliumRun(t, "ping", "diary", "-s", url, "--timeout", "3s", "-o", "json")
	if r.exit != cli.ExitNoInstance {
		t.Errorf("exit %d, want %d", r.exit, cli.ExitNoInstance)
	}
	var rows []pingRow
	check(t, json.Unmarshal([]byte(r.out), &rows))
	seen := map[string]bool{}
	for _, row := range rows {
		seen[row.Instance+" "+row.Link] = row.OK
	}
	if !seen[well+" bus"] || !seen[well+" direct"] || seen["frozen bus"] {
		t.Errorf("got %+v, want that %s answers both ways and the other one doesn't", rows, well)
	}
}

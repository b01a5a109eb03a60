//go:build unix

package e2e_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// withoutHeartbeats are set-ups of NATS in which a server of the user "server" can send the clients of the user
// "caller" answers alone.
var withoutHeartbeats = map[string]string{
	"allow_responses": `accounts: { A: { jetstream: enabled, users: [
  {user: binder, password: "…"}, {user: caller, password: "…"}
  {user: server, password: "…", permissions: {publish: ["helium.binder.>"], allow_responses: true}}
] } }`,
	"an export that takes one answer": acrossAccounts(""),
	"an export of a stream":           acrossAccounts(", response_type: stream"),
}

// acrossAccounts has callers in an account of their own, which imports all services.
func acrossAccounts(kind string) string {
	return `accounts: {
  A: { jetstream: enabled, users: [{user: binder, password: "…"}, {user: server, password: "…"}], exports: [{service: "helium.>"` + kind + `}, {stream: "helium.binder.event.>"}] }
  B: { users: [{user: caller, password: "…"}], imports: [{service: {account: A, subject: "helium.>"}}, {stream: {account: A, subject: "helium.binder.event.>"}}] }
}`
}

// overAnswersAlone runs a test in each of these set-ups, with a client of the user "caller".
func overAnswersAlone(t *testing.T, test func(t *testing.T, url string, c *rpcclient.Client)) {
	for name, conf := range withoutHeartbeats {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := startGuarded(t, configured(t, conf), func() {}).url
			startBinder(t, dialAs(t, url, "binder"), longLease)
			test(t, url, newClient(t, dialAs(t, url, "caller"), rpcclient.Config{}))
		})
	}
}

func TestPromise11WhereNoHeartbeatsComeCallsKeepAwayFromAFrozenServer(t *testing.T) {
	t.Parallel()
	overAnswersAlone(t, func(t *testing.T, url string, c *rpcclient.Client) {
		launchWorker := func() *process {
			return launch(t, part{URL: strings.Replace(url, "//", "//server:%E2%80%A6@", 1), Server: new(serverPart)})
		}
		frozen := launchWorker()
		others := map[string]bool{launchWorker().words[0]: true, launchWorker().words[0]: true}
		allThreeAnswer(t, c)
		held := frozen.hold(c.At(frozen.words[0]), 4*time.Second)
		if err := receive(t, "the end of a call that hangs", held); helium.CodeOf(err) != helium.CodeDeadlineExceeded {
			t.Fatalf("it ended with %v, want its deadline, as a handler that hangs isn't silence", err)
		}
		frozen.signal(syscall.SIGSTOP)
		callUntilOneIsSilent(t, c)
		onlyOthersAnswer(t, c, others)
		frozen.signal(syscall.SIGCONT)
		allThreeAnswer(t, c)
	})
}

func TestPromise11WhereNoHeartbeatsComeCallsOfAServerThatDrainsAreFinished(t *testing.T) {
	t.Parallel()
	overAnswersAlone(t, func(t *testing.T, url string, c *rpcclient.Client) {
		w := newWorker("w")
		srv := serve(t, dialAs(t, url, "server"), rpcserver.Config{DrainTimeout: patience}, "work", w)
		if err := callWithin(patience, c, 1); err != nil { // after which it is asked, and found to answer
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.At(srv.Instance()).Call(testContext(t), "work.hold", nil, 2) }()
		receive(t, "the beginning of the call", w.began)
		down := make(chan error, 1)
		go func() { down <- srv.Shutdown(testContext(t)) }()
		select {
		case err := <-ended: // too early
			ended <- err
		case <-time.After(6 * time.Second): // longer than calls go to one that answers no questions
		}
		close(w.release)
		if err := receive(t, "the end of the call", ended); err != nil {
			t.Errorf("the call that a server had when it began to stop ended with %v, want its answer", err)
		}
		if err := receive(t, "the end of the server", down); err != nil {
			t.Errorf("the server stopped with %v", err)
		}
	})
}

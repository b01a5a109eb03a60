//go:build unix

package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
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

// overAnswersAlone runs a test in each of these set-ups.
func overAnswersAlone(t *testing.T, test func(t *testing.T, c *rpcclient.Client, launchWorker func() *process)) {
	for name, conf := range withoutHeartbeats {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := startGuarded(t, configured(t, conf), func() {}).url
			startBinder(t, dialAs(t, url, "binder"), longLease)
			as := strings.Replace(url, "//", "//server:%E2%80%A6@", 1)
			test(t, newClient(t, dialAs(t, url, "caller"), rpcclient.Config{}), func() *process {
				t.Helper()
				return launch(t, part{URL: as, Server: new(serverPart)})
			})
		})
	}
}

func TestPromise11WhereNoHeartbeatsComeAFrozenServerIsAskedAndItsCallsFailUntilItAnswers(t *testing.T) {
	t.Parallel()
	overAnswersAlone(t, func(t *testing.T, c *rpcclient.Client, launchWorker func() *process) {
		server := launchWorker()
		if err := callWithin(patience, c, 1); err != nil { // so it has said what it does
			t.Fatal(err)
		}
		held := server.hold(c.At(server.words[0]), farOff)
		server.signal(syscall.SIGSTOP)
		wantSilent(t, receive(t, "the end of a call that it has", held), server.words[0])
		server.signal(syscall.SIGCONT)
		if err := callWithin(patience, c, 2); err != nil {
			t.Errorf("a call of the server that goes on failed with %v", err)
		}
		eventually(t, "the server to be silent no more", func() error {
			if s := c.Stats(); s.Silent != 1 || s.SilentInstances != 0 {
				return fmt.Errorf("Silent %d, SilentInstances %d; want 1, 0", s.Silent, s.SilentInstances)
			}
			return nil
		})
	})
}

func TestPromise11WhereNoHeartbeatsComeCallsKeepAwayFromAFrozenServer(t *testing.T) {
	t.Parallel()
	overAnswersAlone(t, func(t *testing.T, c *rpcclient.Client, launchWorker func() *process) {
		frozen := launchWorker()
		others := map[string]bool{launchWorker().words[0]: true, launchWorker().words[0]: true}
		allThreeAnswer(t, c)
		held := frozen.hold(c.At(frozen.words[0]), 4*time.Second)
		if err := receive(t, "the end of a call that hangs", held); helium.CodeOf(err) != helium.CodeDeadlineExceeded {
			t.Fatalf("it ended with %v, want its deadline, as a handler that hangs isn't silence", err)
		}
		frozen.signal(syscall.SIGSTOP)
		eventually(t, "calls to keep away from the frozen one", func() error {
			ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
			defer cancel()
			_, err := rpcclient.Call[string](ctx, c, "work.who")
			if s := c.Stats(); s.SilentInstances == 0 {
				return fmt.Errorf("it isn't known to be silent; the last call ended with %v", err)
			}
			return nil
		})
		onlyOthersAnswer(t, c, others)
		frozen.signal(syscall.SIGCONT)
		allThreeAnswer(t, c)
	})
}

func TestPromise11ACallThroughAnImportToAServerThatIsKilledFailsLongBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	overAnswersAlone(t, func(t *testing.T, c *rpcclient.Client, launchWorker func() *process) {
		killed := launchWorker()
		if err := callWithin(patience, c, 1); err != nil { // so it has said what it does
			t.Fatal(err)
		}
		held := killed.hold(c.At(killed.words[0]), farOff)
		killed.kill()
		wantSilent(t, receive(t, "the end of a call that it had", held), killed.words[0])
	})
}

//go:build unix

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// farOff is a deadline that silence is told long before.
const farOff = 2 * patience

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wantSilent checks that a call failed as its instance is silent.
func wantSilent(t *testing.T, err error, instance string) {
	t.Helper()
	if e := helium.AsError(err); !errors.Is(err, helium.ErrSilent) || e.Code != helium.CodeUnavailable || e.Outcome != helium.Unknown || e.Instance != instance {
		t.Errorf("error %v of instance %q, outcome %v; want ErrSilent of %q, unknown", err, e.Instance, e.Outcome, instance)
	}
}

// allThreeAnswer returns once calls go to all of three servers.
func allThreeAnswer(t *testing.T, c *rpcclient.Client) {
	t.Helper()
	eventually(t, "all three are called", func() error {
		if got := whoAnswers(c, patience); len(got) != 3 {
			return fmt.Errorf("only %v", got)
		}
		return nil
	})
}

// callUntilOneIsSilent calls, with less time than silence takes to be told, until an instance is known to be silent.
func callUntilOneIsSilent(t *testing.T, c *rpcclient.Client) {
	t.Helper()
	eventually(t, "calls to keep away from the frozen one", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		_, err := rpcclient.Call[string](ctx, c, "work.who")
		if s := c.Stats(); s.SilentInstances == 0 {
			return fmt.Errorf("it isn't known to be silent; the last call ended with %v", err)
		}
		return nil
	})
}

// onlyOthersAnswer checks that no call goes to an instance that is silent.
func onlyOthersAnswer(t *testing.T, c *rpcclient.Client, others map[string]bool) {
	t.Helper()
	for i := range 60 {
		ctx, cancel := context.WithTimeout(context.Background(), farOff)
		who, err := rpcclient.Call[string](ctx, c, "work.who")
		cancel()
		if err != nil || !others[who] {
			t.Errorf("call %d while one is silent: %q, %v; want one of the others", i, who, err)
		}
	}
}

func TestPromise11AFrozenServersCallsFailAndNoOthersGoThereUntilItIsHeardAgain(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	frozen := n.launchWorker()
	held := frozen.hold(c, farOff)
	others := map[string]bool{n.launchWorker().words[0]: true, n.launchWorker().words[0]: true}
	allThreeAnswer(t, c)
	frozen.signal(syscall.SIGSTOP)
	wantSilent(t, receive(t, "the end of a call that it has", held), frozen.words[0])
	// Now, as the broker drops it after some six seconds, and who isn't there isn't silent.
	if s := c.Stats(); s.Silent != 1 || s.SilentInstances != 1 {
		t.Errorf("Silent %d, SilentInstances %d; want 1, 1", s.Silent, s.SilentInstances)
	}
	onlyOthersAnswer(t, c, others)
	frozen.signal(syscall.SIGCONT)
	allThreeAnswer(t, c)
	if s := c.Stats(); s.Silent != 1 || s.SilentInstances != 0 {
		t.Errorf("Silent %d, SilentInstances %d; want 1, 0", s.Silent, s.SilentInstances)
	}
}

func TestPromise11CallsThatHaveLessTimeThanSilenceTakesKeepAwayFromAFrozenServerToo(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	frozen := n.launchWorker()
	others := map[string]bool{n.launchWorker().words[0]: true, n.launchWorker().words[0]: true}
	allThreeAnswer(t, c)
	frozen.signal(syscall.SIGSTOP)
	callUntilOneIsSilent(t, c)
	onlyOthersAnswer(t, c, others)
	if n := c.Stats().Silent; n != 0 {
		t.Errorf("%d calls failed as an instance was silent, want none: no call was that long", n)
	}
	frozen.signal(syscall.SIGCONT)
	allThreeAnswer(t, c)
}

func TestPromise11TheCallsOfAKilledServerFailLongBeforeTheirDeadlines(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	killed := n.launchWorker()
	held := killed.hold(c, farOff)
	other := n.launchWorker()
	killed.kill()
	wantSilent(t, receive(t, "the end of a call that it had", held), killed.words[0])
	if err := onlyAnswers(c, other.words[0]); err != nil {
		t.Error(err)
	}
}

func TestPromise11AThousandCallsOfAClientThatIsGoneEnd(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	w := newWorker("w")
	srv := serve(t, n.dial(), rpcserver.Config{}, "work", w)
	nc := n.dial()
	c := newClient(t, nc, rpcclient.Config{})
	const calls = 1000
	ended := make(chan error, calls)
	for id := range int64(calls) {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), farOff)
			defer cancel()
			ended <- c.Call(ctx, "work.hold", nil, id)
		}()
	}
	for range calls {
		receive(t, "a handler that runs", w.began)
	}
	nc.Close() // what a process that is killed leaves behind
	for range calls {
		receive(t, "the end of a call", ended)
	}
	eventually(t, "all handlers to end", func() error {
		if s := srv.Stats(); s.Running > 0 || s.Abandoned != calls {
			return fmt.Errorf("%d run, %d were abandoned", s.Running, s.Abandoned)
		}
		return nil
	})
}

func TestPromise11AHandlerThatHangsIsNotSilence(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		c := n.client(rpcclient.Config{})
		server := n.launchWorker()
		n.link(t, c, "work", 1)
		if err := receive(t, "the end of a call that hangs", server.hold(c, 4*time.Second)); helium.CodeOf(err) != helium.CodeDeadlineExceeded {
			t.Errorf("it ended with %v, want its deadline", err)
		}
	})
}

func TestPromise11AClientThatWasFrozenBlamesNobody(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		server := n.launchWorker()
		caller := launch(t, part{URL: n.broker.URL(), Caller: &callerPart{Limit: 12 * time.Second, Linked: n.over.listen != ""}})
		server.lineWith("1")
		time.Sleep(time.Second)
		caller.signal(syscall.SIGSTOP)
		time.Sleep(4 * time.Second) // longer than silence is borne
		caller.signal(syscall.SIGCONT)
		if got := caller.lineWith("ended "); got != "ended deadline_exceeded" {
			t.Errorf("its call %s, want ended deadline_exceeded", got)
		}
	})
}

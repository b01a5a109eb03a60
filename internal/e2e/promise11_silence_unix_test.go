//go:build unix

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
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

func TestPromise11AFrozenServersCallsFailAndNoOthersGoThereUntilItIsHeardAgain(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	frozen := n.launchWorker()
	held := frozen.hold(c, farOff)
	others := map[string]bool{n.launchWorker().words[0]: true, n.launchWorker().words[0]: true}
	eventually(t, "all three are called", func() error {
		if got := whoAnswers(c, patience); len(got) != 3 {
			return fmt.Errorf("only %v", got)
		}
		return nil
	})
	frozen.signal(syscall.SIGSTOP)
	wantSilent(t, receive(t, "the end of a call that it has", held), frozen.words[0])
	for i := range 60 {
		ctx, cancel := context.WithTimeout(context.Background(), farOff)
		who, err := rpcclient.Call[string](ctx, c, "work.who")
		cancel()
		if err != nil || !others[who] {
			t.Errorf("call %d while it is silent: %q, %v; want one of the others", i, who, err)
		}
	}
	if s := c.Stats(); s.Silent != 1 || s.SilentInstances != 1 {
		t.Errorf("Silent %d, SilentInstances %d; want 1, 1", s.Silent, s.SilentInstances)
	}
	frozen.signal(syscall.SIGCONT)
	eventually(t, "all three are called again", func() error {
		if got := whoAnswers(c, patience); len(got) != 3 {
			return fmt.Errorf("only %v", got)
		}
		return nil
	})
	if s := c.Stats(); s.Silent != 1 || s.SilentInstances != 0 {
		t.Errorf("Silent %d, SilentInstances %d; want 1, 0", s.Silent, s.SilentInstances)
	}
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

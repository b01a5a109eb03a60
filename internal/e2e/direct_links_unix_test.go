//go:build unix

package e2e_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestCallsOfAFrozenServerFailWithinSecondsOverADirectLink(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	server := n.launchListening()
	c := n.client(rpcclient.Config{})
	linked(t, c, 1)
	inFlight := server.hold(c, patience)
	if err := server.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	frozen := time.Now()
	err := receive(t, "the end of the call in flight", inFlight)
	if took := time.Since(frozen); took > soon {
		t.Errorf("the call ended after %v, want two seconds instead of its deadline of %v", took, patience)
	}
	if helium.CodeOf(err) != helium.CodeUnavailable || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the call in flight: error %v, outcome %v; want unavailable, unknown", err, helium.OutcomeOf(err))
	}
	eventually(t, "the link of the frozen server broken", func() error {
		if links := c.Stats().DirectLinks; links != 0 {
			return fmt.Errorf("%d links", links)
		}
		return nil
	})
	if err := server.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a link once the server has thawed", func() error {
		_ = callWithin(time.Second, c, 1) // which may meet what the freeze left
		if links := c.Stats().DirectLinks; links != 1 {
			return fmt.Errorf("%d links; %+v", links, c.DirectLinks())
		}
		return nil
	})
}

func TestOnceADirectLinkIsSilentCallsKeepAwayFromItsServerByTheBusToo(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	frozen := n.launchListening()
	c := n.client(rpcclient.Config{})
	linked(t, c, 1)
	inFlight := frozen.hold(c, patience)
	n.launchListening()
	linked(t, c, 2)
	if err := frozen.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = frozen.cmd.Process.Signal(syscall.SIGCONT) }()
	if err := receive(t, "the end of the call in flight", inFlight); err == nil {
		t.Error("the call in flight succeeded")
	}
	silent := c.Stats().SilentInstances
	for i := range int64(50) {
		if err := callWithin(patience, c, i); err != nil {
			t.Errorf("call %d after the link broke: %v, want that it goes to the other server", i, err)
		}
		silent = max(silent, c.Stats().SilentInstances) // until the broker drops it, after some six seconds
	}
	if silent != 1 {
		t.Errorf("%d instances were silent, want 1", silent)
	}
	if err := frozen.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no silent instance once the server has thawed", func() error {
		_ = callWithin(time.Second, c, 1)
		if s := c.Stats(); s.SilentInstances != 0 || s.DirectLinks != 2 {
			return fmt.Errorf("%d are, and %d links stand", s.SilentInstances, s.DirectLinks)
		}
		return nil
	})
}

func TestCallsOfAKilledClientEndAtTheServerOverADirectLink(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	w := newWorker("one")
	srv := serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", w)
	caller := launch(t, part{URL: n.broker.URL(), Caller: &callerPart{Limit: patience, Linked: true}})
	eventually(t, "a call that runs and came by a direct link", func() error {
		if s := srv.Stats(); s.DirectCalls == 0 || s.Running == 0 || len(w.began) == 0 {
			return errors.New("none")
		}
		return nil
	})
	caller.kill()
	eventually(t, "no call that runs", func() error {
		if s := srv.Stats(); s.Running != 0 || s.Abandoned == 0 {
			return fmt.Errorf("%d run, %d were abandoned", s.Running, s.Abandoned)
		}
		return nil
	})
}

func TestAFrozenClientWithADirectLinkHoldsUpNoServerThatStops(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	var workers []*worker
	var servers []*rpcserver.Server
	for i := range 2 {
		w := newWorker(fmt.Sprint("w", i))
		workers = append(workers, w)
		servers = append(servers, serve(t, n.dial(), rpcserver.Config{Listen: listening, DrainTimeout: 5 * time.Second}, "work", w))
	}
	frozen := launch(t, part{URL: n.broker.URL(), Caller: &callerPart{Limit: patience, Linked: true, Idle: true}})
	eventually(t, "a link with each server", func() error {
		for i, srv := range servers {
			if got := srv.Stats().DirectLinks; got != 1 {
				return fmt.Errorf("server %d has %d", i, got)
			}
		}
		return nil
	})
	frozen.signal(syscall.SIGSTOP)
	defer frozen.signal(syscall.SIGCONT)
	c := n.client(rpcclient.Config{BusOnly: true})
	stop := make(chan struct{})
	var callers sync.WaitGroup
	var ended atomic.Int64
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				id := ended.Add(1)
				if err := c.Call(testContext(t), "work.nap", nil, id); err != nil {
					t.Errorf("call %d of another client: %v, want that it goes to one of the servers", id, err)
				}
			}
		})
	}
	eventually(t, "calls at both servers", func() error {
		if !workers[0].hasRun() || !workers[1].hasRun() {
			return errors.New("one has had none")
		}
		return nil
	})
	if err := servers[0].Shutdown(testContext(t)); err != nil {
		t.Errorf("Shutdown: %v, want every call finished", err)
	}
	close(stop)
	callers.Wait()
}

func TestTheCallsOfAClientThatIsFrozenOrOutOfReachEndAtTheServerOverADirectLink(t *testing.T) {
	t.Parallel()
	for name, vanish := range map[string]func(caller *process, p *proxy.Proxy){
		"frozen":       func(caller *process, _ *proxy.Proxy) { caller.signal(syscall.SIGSTOP) },
		"out of reach": func(_ *process, p *proxy.Proxy) { p.Set(proxy.Conditions{Held: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t)
			at := loopback.UnusedAddress(t)
			p, err := proxy.Start(at)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Close)
			w := newWorker("one")
			srv := serve(t, n.dial(), rpcserver.Config{Listen: at, Advertise: p.Address()}, "work", w)
			caller := launch(t, part{URL: n.broker.URL(), Caller: &callerPart{Limit: 10 * patience, Linked: true}})
			defer caller.signal(syscall.SIGCONT)
			eventually(t, "a call that runs and came by a direct link", func() error {
				if s := srv.Stats(); s.DirectCalls == 0 || s.Running == 0 || len(w.began) == 0 {
					return errors.New("none")
				}
				return nil
			})
			time.Sleep(6 * wire.HeartbeatInterval) // a client that is there has its call go on
			if s := srv.Stats(); s.Running != 1 || s.DirectBroken != 0 {
				t.Fatalf("%d calls run while their client waits, and %d links broke; want 1, and none", s.Running, s.DirectBroken)
			}
			vanish(caller, p)
			eventually(t, "no call that runs", func() error {
				if s := srv.Stats(); s.Running != 0 || s.Abandoned != 1 || s.DirectLinks != 0 {
					return fmt.Errorf("%d run, %d were abandoned, %d links stand", s.Running, s.Abandoned, s.DirectLinks)
				}
				return nil
			})
		})
	}
}

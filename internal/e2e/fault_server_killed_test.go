package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestAfterTheLastServerIsKilledCallsFailAtOnceAsNotExecuted(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	server := n.launchWorker()
	if err := callWithin(patience, c, 1); err != nil {
		t.Fatal(err)
	}

	// One call is at work when the server dies. Nobody can tell how far it came.
	const limit = 4 * time.Second
	inFlight := server.hold(c, limit)
	killed := time.Now()
	server.kill()

	// Until the connection drops, a moment, a call may still be sent and get lost.
	eventually(t, "Unavailable, not executed", func() error {
		err := callWithin(time.Second, c, 2)
		if errors.Is(err, helium.ErrNoInstance) && helium.OutcomeOf(err) == helium.NotExecuted {
			return nil
		}
		return fmt.Errorf("error %v, outcome %v", err, helium.OutcomeOf(err))
	})
	for range 5 {
		began := time.Now()
		err := callWithin(patience, c, 3)
		if helium.CodeOf(err) != helium.CodeUnavailable || helium.OutcomeOf(err) != helium.NotExecuted {
			t.Errorf("a later call: error %v, outcome %v; want unavailable, not executed", err, helium.OutcomeOf(err))
		}
		if took := time.Since(began); took > soon {
			t.Errorf("a later call took %v of its %v to fail, want milliseconds", took, patience)
		}
	}
	n.checkRegistered(1)

	err := receive(t, "the end of the call in flight", inFlight)
	if helium.OutcomeOf(err) != helium.Unknown || err == nil {
		t.Errorf("the call in flight: error %v, outcome %v; want an error of unknown outcome", err, helium.OutcomeOf(err))
	}
	if took := time.Since(killed); took > limit+patience/2 {
		t.Errorf("the call in flight ended %v after the kill, want its deadline of %v kept", took, limit)
	}
}

// hold calls work.hold of a part with a time limit, and returns once it is at work, with
// where its end will be told. A call whose time was over before the part had begun it is
// made again.
func (p *process) hold(c *rpcclient.Client, limit time.Duration) <-chan error {
	p.t.Helper()
	id, end, err := int64(42), make(chan error, 1), error(nil)
	call := func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		end <- c.Call(ctx, "work.hold", nil, id)
	}
	go call()
	for giveUp := time.Now().Add(patience); time.Now().Before(giveUp); {
		select {
		case began, open := <-p.lines:
			if !open {
				p.t.Fatal("the part ended, want a Hold that began")
			}
			if began == fmt.Sprint(id) {
				return end
			}
		case err = <-end:
			id++
			go call()
		}
	}
	p.t.Fatalf("no Hold began in %v; the last one ended with %v", patience, err)
	return nil
}

func TestAfterAServerIsKilledTheOthersTakeItsCalls(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	servers := map[string]*process{}
	for range 2 {
		p := n.launchWorker()
		servers[p.words[0]] = p
	}
	if got := whoAnswers(c, patience); len(got) != 2 {
		t.Fatalf("40 calls met %v, want both of two servers", got)
	}
	var survivor string
	for name, p := range servers {
		if survivor == "" {
			survivor = name
			continue
		}
		p.kill()
	}
	eventually(t, "the other server alone", func() error { return onlyAnswers(c, survivor) })
	n.checkRegistered(2)
}

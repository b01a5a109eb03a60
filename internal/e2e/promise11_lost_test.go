package e2e_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

// swallow joins the queue group of "work" as one that takes what it gets and does nothing with it, as if that had
// got lost behind it. It returns what it took.
func (n network) swallow() <-chan *nats.Msg {
	n.t.Helper()
	took := make(chan *nats.Msg, 64)
	nc := n.dial()
	for _, subject := range []string{"helium.call.work", "helium.call.work.*"} {
		if _, err := nc.QueueSubscribe(subject, "helium", func(m *nats.Msg) { took <- m }); err != nil {
			n.t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		n.t.Fatal(err)
	}
	return took
}

func TestPromise11ACallThatGotLostEndsLongBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	n.launchWorker()
	n.launchWorker()
	took := n.swallow()
	lost := 0
	for lost < 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		began := time.Now()
		_, err := rpcclient.Call[string](ctx, c, "work.who")
		cancel()
		select {
		case <-took:
			lost++
			if e := helium.AsError(err); !errors.Is(err, helium.ErrSilent) || e.Outcome != helium.Unknown {
				t.Errorf("a lost call ended with %v, outcome %v; want ErrSilent, unknown", err, e.Outcome)
			}
			if time.Since(began) > patience {
				t.Errorf("a lost call ended after %v, want long before its deadline after %v", time.Since(began), 2*patience)
			}
		default:
			if err != nil {
				t.Errorf("a call that an instance got failed: %v", err)
			}
		}
	}
}

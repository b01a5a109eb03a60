package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestWhileNoBinderRunsClientsGoOnWithWhatTheyKnow(t *testing.T) {
	t.Parallel()
	n := network{t: t, broker: startBroker(t, broker.Config{Listen: "127.0.0.1:0"})}
	registry := launch(t, part{URL: n.broker.URL(), Binder: &binderPart{Lease: 3 * time.Second}})
	w := newWorker("w")
	serve(t, n.dial(), rpcserver.Config{}, "work", w)
	c := n.client(rpcclient.Config{})
	// On a machine that stands still the lease may end and begin again.
	eventually(t, "a client that knows the service", func() error { return callWithin(patience, c, 1) })
	registry.kill()

	asker := registryOf(t, n.dial())
	eventually(t, "no binder any more", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := asker.Lookup(ctx, "work")
		if errors.Is(err, helium.ErrNoBinder) {
			return nil
		}
		return fmt.Errorf("Lookup: %v", err)
	})
	for id := range int64(20) {
		if err := callWithin(patience, c, 100+id); err != nil {
			t.Fatalf("without a binder: %v, want calls to go on", err)
		}
	}
	// Past the lease that nobody can renew, too.
	store := n.dial()
	eventually(t, "the record to have expired", func() error {
		left, err := recordsLeft(store)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d records are left", left)
		}
		return err
	})
	if err := callWithin(patience, c, 200); err != nil {
		t.Errorf("without a binder, after the lease: %v, want calls to go on", err)
	}

	// A client that knows nothing yet hears at once what is missing.
	began := time.Now()
	err := callWithin(patience, n.client(rpcclient.Config{}), 300)
	if !errors.Is(err, helium.ErrNoBinder) || helium.OutcomeOf(err) != helium.NotExecuted || time.Since(began) > soon {
		t.Errorf("a new client: error %v, outcome %v after %v; want helium.ErrNoBinder, not executed, in milliseconds", err, helium.OutcomeOf(err), time.Since(began))
	}

	launch(t, part{URL: n.broker.URL(), Binder: &binderPart{Lease: 3 * time.Second}})
	late := n.client(rpcclient.Config{})
	eventually(t, "the server registered with the new binder", func() error {
		return callWithin(patience, late, 400)
	})
}

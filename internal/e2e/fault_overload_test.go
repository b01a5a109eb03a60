package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestAServerThatIsFullRefusesAtOnceAndLosesNothing(t *testing.T) {
	t.Parallel()
	const room, more = 4, 60
	n := newNetwork(t)
	w := newWorker("w")
	srv := serve(t, n.dial(), rpcserver.Config{MaxInFlight: room / 2, MaxQueue: room / 2}, "work", w)
	c := n.client(rpcclient.Config{})
	type end struct {
		id  int64
		err error
	}
	ends := make(chan end, room+more)
	hold := func(id int64) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		defer cancel()
		ends <- end{id, c.Call(ctx, "work.hold", nil, id)}
	}
	for id := range int64(room) {
		go hold(id)
	}
	eventually(t, "a full server", func() error {
		if s := srv.Stats(); s.Running != room/2 || s.Waiting != room/2 {
			return fmt.Errorf("%d run and %d wait", s.Running, s.Waiting)
		}
		return nil
	})
	for id := range int64(more) {
		go hold(room + id)
	}
	for range more {
		e := receive(t, "a refusal", ends)
		if e.id < room || !errors.Is(e.err, helium.ErrOverloaded) || helium.CodeOf(e.err) != helium.CodeResourceExhausted || helium.OutcomeOf(e.err) != helium.NotExecuted {
			t.Errorf("call %d: error %v, outcome %v; want one past %d refused, resource_exhausted, not executed", e.id, e.err, helium.OutcomeOf(e.err), room)
		}
	}
	close(w.release)
	for range room {
		if e := receive(t, "an answer", ends); e.id >= room || e.err != nil {
			t.Errorf("call %d: error %v; want those that were taken answered", e.id, e.err)
		}
	}
	for id := range int64(room + more) {
		want := 1
		if id >= room {
			want = 0
		}
		if got := w.times(id); got != want {
			t.Errorf("call %d ran %d times, want %d", id, got, want)
		}
	}
	if err := callWithin(patience, c, 1000); err != nil {
		t.Errorf("after the rush: %v, want calls taken again", err)
	}
}

package binder

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
)

// freeze starts a binder that takes its share of the requests and does nothing. To NATS that
// is what a stopped process is. The requests come out of the channel.
func freeze(t *testing.T, nc *nats.Conn) <-chan *nats.Msg {
	t.Helper()
	taken := make(chan *nats.Msg, 100_000)
	for _, subject := range []string{"register.*", "renew.*", "end.*", "list", "lookup.>"} {
		if _, err := nc.ChanQueueSubscribe("helium.binder."+subject, "helium", taken); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return taken
}

// tap counts all requests to the binders, by operation.
func tap(t *testing.T, nc *nats.Conn) (count func(operation string) int) {
	t.Helper()
	var mu sync.Mutex
	seen := make(map[string]int)
	if _, err := nc.Subscribe("helium.binder.>", func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		seen[strings.Split(m.Subject, ".")[2]]++
	}); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return func(operation string) int {
		mu.Lock()
		defer mu.Unlock()
		return seen[operation]
	}
}

func TestWithOneOfThreeBindersFrozenEveryRequestIsAnsweredByAnother(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	for range 2 {
		startBinder(t, connect(t, b), Config{})
	}
	taken := freeze(t, connect(t, b))
	asked := tap(t, connect(t, b))
	c := newClient(t, connect(t, b))
	c.requests.asker.timeout = time.Hour // so that nothing but another ask can help

	const requests = 100
	ctx := testContext(t)
	for _, each := range []struct {
		operation string
		do        func(instance string) error
	}{
		{"register", func(i string) error { _, err := c.Register(ctx, record("math", i, "add")); return err }},
		{"renew", func(i string) error { _, err := c.Renew(ctx, "math", i); return err }},
		{"lookup", func(string) error { _, err := c.Lookup(ctx, "math.add"); return err }},
		{"list", func(string) error { _, err := c.List(ctx); return err }},
		{"end", func(i string) error { return c.End(ctx, "math", i) }},
	} {
		var all sync.WaitGroup
		for i := range requests {
			all.Go(func() {
				if err := each.do(fmt.Sprintf("i%d", i)); err != nil {
					t.Errorf("%s %d: %v", each.operation, i, err)
				}
			})
		}
		all.Wait()
		// Half as many again are needed, as a third of all asks are the frozen binder's. A
		// machine with much to do asks some more.
		if got := asked(each.operation); got > 4*requests {
			t.Errorf("%s: %d requests were asked %d times, want some 150", each.operation, requests, got)
		}
	}
	if len(taken) == 0 {
		t.Error("the frozen binder got no request, so nothing was tried")
	}
	if records, err := c.List(ctx); err != nil || len(records) != 0 {
		t.Errorf("List = %d records, %v; want none", len(records), err)
	}
}

func TestWhatAThawedBinderDoesLateChangesNothingThatOthersDidMeanwhile(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	startBinder(t, connect(t, b), Config{})
	nc := connect(t, b)
	c := newClient(t, nc)
	copies := make(chan *nats.Msg, 10)
	for _, operation := range []string{"register", "renew", "end"} {
		if _, err := nc.ChanSubscribe("helium.binder."+operation+".math", copies); err != nil {
			t.Fatal(err)
		}
	}
	// What a binder that was asked first and froze still has in its hands: the same request.
	copied := func(do func() error) (late *nats.Msg) {
		t.Helper()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		select {
		case late = <-copies:
			return late
		case <-time.After(patience):
			t.Fatal("nobody saw the request")
		}
		return nil
	}
	thaw := func(late *nats.Msg) {
		t.Helper()
		m, err := nc.RequestMsg(&nats.Msg{Subject: late.Subject, Header: late.Header, Data: late.Data}, patience)
		if err != nil {
			t.Fatal(err)
		}
		if e := failureOf(m); e != nil && !errors.Is(e, helium.ErrUnknownInstance) {
			t.Fatalf("%s, late: %v", late.Subject, e)
		}
		<-copies // this one's
	}
	ctx := testContext(t)
	old, changed := record("math", "i1", "add"), record("math", "i1", "add", "sub")
	put := func(r Record) *nats.Msg {
		return copied(func() error { _, err := c.Register(ctx, r); return err })
	}
	known := func(when string, methods int) {
		t.Helper()
		e, err := c.Lookup(ctx, "math")
		switch {
		case methods == 0 && !errors.Is(err, helium.ErrUnknownService):
			t.Errorf("%s: Lookup gave %v, want %v", when, err, helium.ErrUnknownService)
		case methods > 0 && (err != nil || len(e.Records[0].Methods) != methods):
			t.Errorf("%s: Lookup gave %+v, %v; want %d methods", when, e, err, methods)
		}
	}

	registered := put(old)
	renewed := copied(func() error { _, err := c.Renew(ctx, "math", "i1"); return err })
	registeredAgain := put(changed)
	thaw(registered)
	known("after an older registration came late", 2)

	ended := copied(func() error { return c.End(ctx, "math", "i1") })
	thaw(registeredAgain)
	known("after a registration came later than the end", 0)
	thaw(renewed)
	known("after a renewal came later than the end", 0)

	put(old)
	thaw(ended)
	known("after an end came later than a new registration", 1)

	end := func() error { return c.End(ctx, "math", "i1") }
	copied(end)
	endedAgain := copied(end)
	put(old)
	thaw(endedAgain)
	known("after an end of nothing came later than a new registration", 1)
}

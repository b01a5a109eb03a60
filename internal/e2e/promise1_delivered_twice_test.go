package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// startShared starts a NATS server with an account that exports all services, and another that
// imports them. NATS delivers what is asked there to a member of a queue group in each of the
// two. The permissions are those of the importing account's caller.
func startShared(t *testing.T, permissions string) (url string) {
	t.Helper()
	return startGuarded(t, configured(t, `accounts: {
  EXPORTS: { jetstream: enabled, users: [{user: exports, password: "…"}], exports: [{service: "helium.>", response_type: stream}] }
  IMPORTS: {
    users: [{user: imports, password: "…"}, {user: caller, password: "…"`+permissions+`}]
    imports: [{service: {account: EXPORTS, subject: "helium.>"}}]
  }
}`), func() {}).url
}

func dialAs(t *testing.T, url, user string) *nats.Conn {
	t.Helper()
	nc, err := bus.Connect(testContext(t), bus.Config{URL: url, User: user, Password: "…", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func TestPromise1WhereNATSDeliversTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, permissions string
		once              bool // calls run once from some moment on
	}{
		{"calls go to single instances once that is seen", "", true},
		{"calls go on where the user may call no single instances", `, permissions: {publish: ["helium.call.>", "helium.binder.>"]}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx := testContext(t)
			url := startShared(t, c.permissions)
			startBinder(t, dialAs(t, url, "exports"), longLease)
			here, there := newWorker("here"), newWorker("there")
			first := serve(t, dialAs(t, url, "exports"), rpcserver.Config{}, "work", there)
			second := serve(t, dialAs(t, url, "imports"), rpcserver.Config{}, "work", here)
			var log bytes.Buffer
			client, err := rpcclient.New(dialAs(t, url, "caller"), rpcclient.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			var last int64
			call := func() (id int64) {
				t.Helper()
				last++
				if got, err := rpcclient.Call[int64](ctx, client, "work.run", last); err != nil || got != last {
					t.Fatalf("call %d: %d, %v", last, got, err)
				}
				return last
			}
			ran := func(id int64) int { return here.times(id) + there.times(id) }

			id := call()
			eventually(t, "the first call to run in both accounts", func() error {
				if n := ran(id); n != 2 {
					return fmt.Errorf("it ran %d times", n)
				}
				return nil
			})
			eventually(t, "a call that is seen to be answered twice", func() error {
				call()
				if client.Stats().Twice == 0 {
					return errors.New("none yet")
				}
				return nil
			})
			from := last + 1
			const calls = 100
			for range calls {
				call()
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			if c.once {
				for id := from; id <= last; id++ {
					if n := ran(id); n != 1 {
						t.Errorf("call %d ran %d times though it is known that calls run twice, want once", id, n)
					}
				}
			}
			text := log.String()
			if n := strings.Count(text, "answered the same call"); n != 1 || !strings.Contains(text, first.Instance()) || !strings.Contains(text, second.Instance()) {
				t.Errorf("the log says %d times, want once, that two instances answer, and which:\n%s", n, text)
			}
			if s := client.Stats(); s.Failures > 0 || c.once == (s.Fallbacks > 0) {
				t.Errorf("%d calls failed and %d went on elsewhere; want none to fail, and some to go on where they may not be addressed", s.Failures, s.Fallbacks)
			}
		})
	}
}

// laggard is a worker that answers its first calls when the early ones are let go, and the others when the rest
// is.
type laggard struct {
	*worker
	early, rest chan struct{}
}

const earlyCalls = 200

func (l *laggard) Run(ctx context.Context, id int64) int64 {
	l.enter(id)
	answers := l.rest
	if id <= earlyCalls {
		answers = l.early
	}
	select {
	case <-answers:
	case <-ctx.Done():
	}
	return id
}

// The second answer to a call is known for what it is though the client has made hundreds of calls
// since the first one.
func TestPromise1WhereOneOfTwoThatNATSDeliversToAnswersLater(t *testing.T) {
	t.Parallel()
	for _, callers := range []int{1, 16} {
		t.Run(fmt.Sprint(callers, " callers"), func(t *testing.T) {
			t.Parallel()
			ctx := testContext(t)
			url := startShared(t, "")
			startBinder(t, dialAs(t, url, "exports"), longLease)
			closed := make(chan struct{})
			close(closed)
			here := &laggard{newWorker("here"), closed, closed}
			there := &laggard{newWorker("there"), make(chan struct{}), make(chan struct{})}
			letGo := sync.OnceFunc(func() { close(there.rest) })
			serve(t, dialAs(t, url, "exports"), rpcserver.Config{}, "work", there)
			t.Cleanup(letGo) // before its server stops
			serve(t, dialAs(t, url, "imports"), rpcserver.Config{}, "work", here)
			client, err := rpcclient.New(dialAs(t, url, "caller"), rpcclient.Config{Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			var last atomic.Int64
			callUpTo := func(most int64) {
				t.Helper()
				var all sync.WaitGroup
				for range callers {
					all.Go(func() {
						for id := last.Add(1); id <= most; id = last.Add(1) {
							if got, err := rpcclient.Call[int64](ctx, client, "work.run", id); err != nil || got != id {
								t.Errorf("call %d: %d, %v", id, got, err)
							}
						}
					})
				}
				all.Wait()
				last.Store(most)
			}

			callUpTo(3 * earlyCalls)
			eventually(t, "the first call to run in both accounts", func() error {
				if n := here.times(1) + there.times(1); n != 2 {
					return fmt.Errorf("it ran %d times", n)
				}
				return nil
			})
			close(there.early)
			eventually(t, "the second answers to be seen", func() error {
				if client.Stats().Twice == 0 {
					return errors.New("none yet")
				}
				return nil
			})
			letGo()
			from := last.Load() + 1
			callUpTo(from + 200)
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			for id := from; id <= last.Load(); id++ {
				if n := here.times(id) + there.times(id); n != 1 {
					t.Errorf("call %d ran %d times though it is known that calls run twice, want once", id, n)
				}
			}
		})
	}
}

// That a call ran twice is seen though its caller had gone before either instance answered.
func TestPromise1WhereBothThatNATSDeliversToAnswerWhenNobodyWaitsAnyMore(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]time.Duration{"as its time is over": 3 * time.Second, "as it was given up": patience} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := startShared(t, "")
			startBinder(t, dialAs(t, url, "exports"), longLease)
			here, there := &faulty{newWorker("here")}, &faulty{newWorker("there")}
			letGo := sync.OnceFunc(func() { close(here.release); close(there.release) })
			serve(t, dialAs(t, url, "exports"), rpcserver.Config{}, "work", there)
			serve(t, dialAs(t, url, "imports"), rpcserver.Config{}, "work", here)
			t.Cleanup(letGo) // before their servers stop
			client := newClient(t, dialAs(t, url, "caller"), rpcclient.Config{})

			ctx, cancel := context.WithTimeout(testContext(t), limit)
			defer cancel()
			failed := make(chan error, 1)
			go func() { failed <- client.Call(ctx, "work.outlive", nil, 1) }()
			eventually(t, "the call to run in both accounts", func() error {
				if n := here.times(1) + there.times(1); n != 2 {
					return fmt.Errorf("it ran %d times", n)
				}
				return nil
			})
			if limit == patience {
				cancel()
			}
			if err := receive(t, "the end of the call", failed); err == nil {
				t.Error("the call ended well though no instance has answered")
			}
			letGo()
			eventually(t, "the second answer to be seen", func() error {
				if got := client.Stats().Twice; got != 1 {
					return fmt.Errorf("%d calls are counted as answered twice", got)
				}
				return nil
			})
			for id := int64(2); id < 50; id++ {
				if err := callWithin(patience, client, id); err != nil || here.times(id)+there.times(id) != 1 {
					t.Errorf("call %d: %v, and it ran %d times though it is known that calls run twice, want once", id, err, here.times(id)+there.times(id))
				}
			}
		})
	}
}

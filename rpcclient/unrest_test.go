package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// books count how often each call ran, of all instances of the service "books".
type books struct {
	mu   sync.Mutex
	runs map[int64]int // guarded by mu; by the call's number
}

// Pay runs a call, and takes some milliseconds now and then.
func (b *books) Pay(ctx context.Context, id int64) (int64, error) {
	b.mu.Lock()
	b.runs[id]++
	b.mu.Unlock()
	if rand.IntN(4) == 0 {
		select {
		case <-time.After(rand.N(5 * time.Millisecond)):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return id, nil
}

// Get is Pay for calls that may run twice.
func (b *books) Get(ctx context.Context, id int64) (int64, error) { return b.Pay(ctx, id) }

// unrest is instances of "books" that come and go, and a client whose connection breaks.
type unrest struct {
	t       *testing.T
	env     *heliumtest.Env
	books   *books
	cable   *cable
	nc      *nats.Conn // the client's
	client  *rpcclient.Client
	servers []*rpcserver.Server
	conns   []*nats.Conn // of the servers
}

func newUnrest(t *testing.T) *unrest {
	t.Helper()
	u := &unrest{t: t, books: &books{runs: make(map[int64]int)}}
	u.env = heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{Listen: "127.0.0.1:0"}})
	var url string
	u.cable, url = newCable(t, u.env.Broker.URL()[len("nats://"):])
	nc, err := bus.Connect(t.Context(), bus.Config{URL: url, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	u.nc, u.client = nc, u.env.NewClientOn(nc, hedged)
	for range 3 {
		u.come()
	}
	return u
}

func (u *unrest) come() {
	nc := u.env.Conn("books")
	srv := rpcserver.New(nc, rpcserver.Config{MaxInFlight: 8, MaxQueue: 4, DrainTimeout: 3 * time.Millisecond, Logger: quiet})
	err := rpcserver.Register(srv, "books", u.books, rpcserver.Idempotent("get"))
	if err == nil {
		err = srv.Start(context.Background())
	}
	if err != nil {
		u.t.Error(err)
	}
	u.servers, u.conns = append(u.servers, srv), append(u.conns, nc)
}

// goes has the oldest instance leave, or with crash end without a word.
func (u *unrest) goes(crash bool) {
	if crash {
		u.conns[0].Close()
	}
	_ = u.servers[0].Shutdown(context.Background()) // says which calls it cut
	u.servers, u.conns = u.servers[1:], u.conns[1:]
}

// stir does one thing that disturbs calls.
func (u *unrest) stir(n int) {
	switch n % 4 {
	case 0, 1:
		u.cable.cut()
		u.cable.mend()
	default:
		u.come()
		u.goes(n%4 == 2)
	}
}

// call makes one call of some kind, with little time or enough, and returns how it ended.
func (u *unrest) call(id int64) (may bool, err error) {
	limit := patience
	if rand.IntN(3) == 0 {
		limit = rand.N(8 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c := u.client
	if rand.IntN(2) == 0 {
		c = rpcclient.Keyed(c, fmt.Sprint(id%7))
	}
	method, tries := "books.pay", 1
	switch rand.IntN(3) {
	case 0:
		method, may = "books.get", true
	case 1:
		ctx, tries = rpcclient.WithIdempotencyKey(ctx, fmt.Sprint(id)), 3
	}
	for range tries {
		var got int64
		if got, err = rpcclient.Call[int64](ctx, c, method, id); err == nil && got != id {
			u.t.Errorf("call %d was answered with %d", id, got)
		}
		if helium.OutcomeOf(err) == helium.Executed {
			break
		}
	}
	return may, err
}

func TestNoCallRunsTwiceOrThoughItIsNotExecutedWhileInstancesComeAndGoAndConnectionsBreak(t *testing.T) {
	u := newUnrest(t)
	const callers, each, between = 8, 250, 100
	type end struct {
		may bool // run twice
		err error
	}
	var ends [callers * each]end
	stirs := make(chan struct{}, len(ends)/between+1)
	var calling, stirring sync.WaitGroup
	stirring.Go(func() {
		n := 0
		for range stirs {
			u.stir(n)
			n++
		}
	})
	for i := range callers {
		calling.Go(func() {
			for id := i * each; id < (i+1)*each; id++ {
				may, err := u.call(int64(id))
				ends[id] = end{may, err}
				if id%between == 0 {
					stirs <- struct{}{}
				}
				if errors.Is(err, helium.ErrNotSent) { // or all the rest would be over at once
					eventually(t, func() error {
						if !u.nc.IsConnected() {
							return errors.New("the connection isn't back")
						}
						return nil
					})
				}
			}
		})
	}
	calling.Wait()
	close(stirs)
	stirring.Wait()
	for len(u.servers) > 0 {
		u.goes(false) // so that nothing runs any more
	}
	answered := 0
	for id, e := range ends {
		n := u.books.runs[int64(id)]
		if e.err == nil {
			answered++
		}
		if outcome := helium.OutcomeOf(e.err); n > 0 && outcome == helium.NotExecuted || n == 0 && outcome == helium.Executed {
			t.Errorf("call %d ran %d times and ended with %v, %v", id, n, e.err, outcome)
		}
		if n > 1 && !e.may {
			t.Errorf("call %d ran %d times, want once at most; it ended with %v", id, n, e.err)
		}
	}
	if answered < len(ends)/4 {
		t.Errorf("%d of %d calls were answered, want more", answered, len(ends))
	}
	t.Logf("%d of %d calls were answered: %+v", answered, len(ends), u.client.Stats())
}

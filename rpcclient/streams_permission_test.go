package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// belt is a service of what takes several messages.
type belt struct{ srv *rpcserver.Server }

// Tick gives so many numbers, with a pause of so many milliseconds behind each.
func (belt) Tick(ctx context.Context, n, millis int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Duration(millis) * time.Millisecond):
			}
		}
	}
}

// Take counts.
func (belt) Take(xs iter.Seq2[int, error]) (n int, err error) {
	for _, err := range xs {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Bytes returns so many.
func (belt) Bytes(n int) []byte { return make([]byte, n) }

// Late returns so many bytes, once NATS has refused a message of its server, which are heartbeats while it waits.
func (b belt) Late(ctx context.Context, n int) []byte {
	for b.srv.Stats().RefusedAnswers == 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	return b.Bytes(n)
}

// answeredBy returns a client, and the server of a belt that may answer it by so many messages for each of its
// own, for so long. Others it may answer as it likes, so it isn't seen at its start.
func answeredBy(t *testing.T, responses int, lasts time.Duration) (*rpcclient.Client, *rpcserver.Server) {
	t.Helper()
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{Logger: quiet, Users: []broker.User{
		{Name: "shop", Password: "pw"},
		{Name: "belt", Password: "pw", Responses: responses, ResponseTime: lasts,
			Publish: broker.Subjects{Allow: []string{"helium.>", "_INBOX.>"}, Deny: []string{"_INBOX.shop.>"}}},
	}}})
	connect := func(user string) *rpcserver.Server {
		nc, err := env.Broker.ConnectWith(t.Context(), bus.Config{Name: user, User: user, Password: "pw", Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet})
		if err := rpcserver.Register(srv, "belt", belt{srv}); err != nil {
			t.Fatal(err)
		}
		if err := srv.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
		return srv
	}
	srv := connect("belt")
	nc, err := env.Broker.ConnectWith(t.Context(), bus.Config{Name: "shop", User: "shop", Password: "pw", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return env.NewClientOn(nc, long), srv
}

// endless gives numbers.
func endless(yield func(int, error) bool) {
	for i := 0; yield(i, nil); i++ {
	}
}

func TestPermissionsToAnswerAStreamAreRenewedBeforeTheyEnd(t *testing.T) {
	t.Parallel()
	const lasts = 2 * time.Second
	c, srv := answeredBy(t, -1, lasts)
	c.RenewEach(lasts / 20)
	const items, pause = 50, 100
	want := 0
	for got, err := range rpcclient.Stream[int](t.Context(), c, "belt.tick", items, pause) {
		if err != nil || got != want {
			t.Fatalf("item %d is %d, %v", want, got, err)
		}
		want++
	}
	if want != items {
		t.Errorf("%d items came, want %d", want, items)
	}
	if n := srv.Stats().RefusedAnswers; n != 0 {
		t.Errorf("%d answers were refused, want none", n)
	}
}

func TestAStreamWhosePermissionToAnswerEndsIsToldSo(t *testing.T) {
	t.Parallel()
	c, _ := answeredBy(t, -1, 300*time.Millisecond)
	var end error
	items := 0
	for _, err := range rpcclient.Stream[int](context.Background(), c, "belt.tick", 1_000_000, 1000) {
		if end = err; err == nil {
			items++
		}
	}
	wantInterrupted(t, "the stream", end, helium.Unknown)
	if items == 0 || items > 100 {
		t.Errorf("%d items came, want some before the permission ended", items)
	}
}

// wantInterrupted checks that a call ended as NATS took no more answers, and that its error says what to do.
func wantInterrupted(t *testing.T, what string, err error, outcome helium.Outcome) {
	t.Helper()
	e := helium.AsError(err)
	if err == nil || e.Outcome != outcome {
		t.Errorf("%s ended with %v, %v; want an error, %v", what, err, helium.OutcomeOf(err), outcome)
		return
	}
	if gap := errors.Is(err, helium.ErrStreamGap); !gap && !strings.Contains(e.Message, "_INBOX.>") && e.Code != helium.CodeInternal {
		t.Errorf("%s ended with %v, want that something is missing, or what to permit", what, err)
	}
}

func TestWhereNATSTakesFewAnswersWhatTakesMoreIsToldSoAndRefusedFromThenOn(t *testing.T) {
	t.Parallel()
	for _, responses := range []int{1, 2, 4, 7} {
		for what, call := range map[string]func(*rpcclient.Client) error{
			"a stream": func(c *rpcclient.Client) (end error) {
				for _, err := range rpcclient.Stream[int](context.Background(), c, "belt.tick", 1_000_000, 0) {
					end = err
				}
				return end
			},
			"a stream that is sent": func(c *rpcclient.Client) error {
				return c.Call(context.Background(), "belt.take", nil, iter.Seq2[int, error](endless))
			},
		} {
			t.Run(fmt.Sprintf("%d answers, %s", responses, what), func(t *testing.T) {
				t.Parallel()
				c, _ := answeredBy(t, responses, time.Minute)
				wantInterrupted(t, what, call(c), helium.Unknown)
				for range 3 {
					if err := call(c); !errors.Is(err, helium.ErrStreamsUnsupported) || helium.OutcomeOf(err) != helium.NotExecuted || !strings.Contains(err.Error(), "_INBOX.>") {
						t.Errorf("the next one ended with %v, want ErrStreamsUnsupported, not executed, and what to permit", err)
					}
				}
			})
		}
		t.Run(fmt.Sprintf("%d answers, a large result", responses), func(t *testing.T) {
			t.Parallel()
			c, srv := answeredBy(t, responses, time.Minute)
			const size = 20 << 20
			for range 3 {
				_, err := rpcclient.Call[[]byte](context.Background(), c, "belt.bytes", size)
				// Where a heartbeat was quicker, which it is on a busy machine, that was the one answer.
				if silent := errors.Is(err, helium.ErrSilent); err == nil || helium.OutcomeOf(err) != helium.Executed && !silent {
					t.Errorf("a large result: %v, %v; want an error, executed or silent", err, helium.OutcomeOf(err))
				}
			}
			eventually(t, func() error { // NATS tells the server so after its caller has gone on
				if srv.Stats().RefusedAnswers == 0 {
					return errors.New("none of the answers was refused")
				}
				return nil
			})
			if _, err := rpcclient.Call[[]byte](context.Background(), c, "belt.bytes", size); !errors.Is(err, helium.ErrResultTooLarge) {
				t.Errorf("the next one ended with %v, want ErrResultTooLarge", err)
			}
			if got, err := rpcclient.Call[[]byte](context.Background(), c, "belt.bytes", 1000); len(got) != 1000 || err != nil {
				t.Errorf("a small result has %d bytes, %v; want 1000", len(got), err)
			}
		})
	}
}

func TestACallWhoseAnswerNATSRefusesAsAHeartbeatWasTheLastItTakesEndsBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	for what, size := range map[string]int{"a result": 10, "a large result": 20 << 20} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c, _ := answeredBy(t, 1, time.Minute)
			err := c.Call(t.Context(), "belt.late", nil, size)
			checkFailure(t, what, err, failure{is: helium.ErrSilent, code: helium.CodeUnavailable, outcome: helium.Unknown, says: []string{"one message only", "_INBOX.>"}})
			got, err := rpcclient.Call[[]byte](t.Context(), c, "belt.late", 10)
			if len(got) != 10 || err != nil {
				t.Errorf("the next result has %d bytes, %v; want 10", len(got), err)
			}
		})
	}
}

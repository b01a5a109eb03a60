package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// keyedCall returns a call with an idempotency key and one argument.
func keyedCall(m *method, key string, arg int64) *Call {
	call := newCall(time.Now().Add(time.Hour))
	call.method, call.key = m, key
	call.args = msgpack.AppendInt(msgpack.AppendArrayHeader(nil, 1), arg)
	return call
}

// textOf is a handler that returns text of so many bytes, and counts its calls.
func textOf(size int, runs *int) Handler {
	return func(_ context.Context, call *Call) error {
		*runs++
		call.Result.String(strings.Repeat("x", size))
		return nil
	}
}

func TestResultsAreKeptForTwoMinutesAfterTheirHandlersReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReplays(defaultIdempotencyMemory)
		defer r.close()
		m, runs := &method{service: "math", name: "add"}, 0
		call := func(key string) {
			t.Helper()
			if err := r.run(t.Context(), keyedCall(m, key, 1), textOf(100, &runs)); err != nil {
				t.Fatal(err)
			}
		}
		slow := func(_ context.Context, call *Call) error {
			runs++
			time.Sleep(time.Minute)
			return nil
		}
		if err := r.run(t.Context(), keyedCall(m, "slow", 1), slow); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			call(fmt.Sprint(i))
		}
		time.Sleep(keptFor - time.Millisecond)
		for i := range 100 {
			call(fmt.Sprint(i))
		}
		call("slow")
		if runs != 101 {
			t.Errorf("within two minutes the handlers ran %d times, want 101", runs)
		}
		time.Sleep(sweepPause + time.Second)
		if keys, bytes := r.load(); keys != 0 || bytes != 0 {
			t.Errorf("after that %d keys and %d bytes are kept, want none", keys, bytes)
		}
		call("slow")
		if runs != 102 {
			t.Errorf("after that the handler ran %d times, want 102: once more", runs)
		}
	})
}

func TestWhatIsKeptNeverTakesMoreThanTheLimit(t *testing.T) {
	r := newReplays(100_000)
	defer r.close()
	m, runs, refused := &method{service: "math", name: "add"}, 0, 0
	for i := range 1000 {
		err := r.run(t.Context(), keyedCall(m, fmt.Sprint(i), 1), textOf(i*37%5000, &runs))
		if errors.Is(err, helium.ErrOverloaded) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
		if _, bytes := r.load(); bytes > 100_000 {
			t.Fatalf("%d bytes are kept, want 100,000 at most", bytes)
		}
	}
	if refused == 0 || runs+refused != 1000 {
		t.Errorf("%d ran and %d were refused, want some of both and 1,000 in all", runs, refused)
	}
}

func TestEverythingOfAReplayIsItsOwn(t *testing.T) {
	r := newReplays(defaultIdempotencyMemory)
	defer r.close()
	m := &method{service: "math", name: "add"}
	first := keyedCall(m, "k", 1)
	err := r.run(t.Context(), first, func(_ context.Context, call *Call) error {
		call.ReplyMetadata = helium.Metadata{"a": "1"}
		call.Result.String("the result")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	first.ReplyMetadata["a"] = "2" // an interceptor's
	copy(first.Result.Bytes(), "overwritten")
	for range 2 {
		again := keyedCall(m, "k", 1)
		if err := r.run(t.Context(), again, nil); err != nil {
			t.Fatal(err)
		}
		reader := codec.NewReader(again.Result.Bytes())
		if got, err := reader.String(); got != "the result" || err != nil || again.ReplyMetadata["a"] != "1" {
			t.Errorf("a replay got %q, %v with %v", got, err, again.ReplyMetadata)
		}
		again.ReplyMetadata["a"] = "3"
		copy(again.Result.Bytes(), "overwritten")
	}
}

func TestAWaitingReplayOfACallThatDidNotRunIsTheNextFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReplays(defaultIdempotencyMemory)
		defer r.close()
		m, runs := &method{service: "math", name: "add"}, 0
		errs := make(chan error, 5)
		go func() {
			errs <- r.run(t.Context(), keyedCall(m, "k", 1), func(context.Context, *Call) error {
				time.Sleep(time.Second)
				return argumentError{helium.ErrBadArgument}
			})
		}()
		synctest.Wait()
		for range 4 {
			go func() { errs <- r.run(t.Context(), keyedCall(m, "k", 1), textOf(1, &runs)) }()
		}
		refused := 0
		for range 5 {
			if err := <-errs; err != nil {
				refused++
			}
		}
		if runs != 1 || refused != 1 {
			t.Errorf("the handler ran %d times and %d calls were refused, want 1 and 1", runs, refused)
		}
	})
}

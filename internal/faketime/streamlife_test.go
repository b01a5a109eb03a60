package faketime_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// slowly gives a number each second, for so long.
func slowly(lasts time.Duration) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range int(lasts / time.Second) {
			if !yield(i, nil) {
				return
			}
			time.Sleep(time.Second)
		}
	}
}

func TestAStreamThatHasBegunHasNoDeadlineButOneOfItsCallersOwn(t *testing.T) {
	inFakeTime(t, func(w *world) {
		_, srv := w.serve("server", rpcserver.Config{})
		c := w.client(rpcclient.Config{Timeout: time.Second})
		const lasts = 5 * time.Minute
		if last, err := rpcclient.Call[int](context.Background(), c, "work.last", slowly(lasts)); last != int(lasts/time.Second)-1 || err != nil {
			t.Errorf("what was sent for %v: %d, %v; want %d", lasts, last, err, int(lasts/time.Second)-1)
		}
		items := 0
		for _, err := range rpcclient.Stream[int](context.Background(), c, "work.tick") {
			if err != nil {
				t.Fatalf("item %d: %v", items, err)
			}
			if items++; items == 10_000 { // after 100 s
				break
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), lasts)
		defer cancel()
		began := time.Now()
		var end error
		for _, err := range rpcclient.Stream[int](ctx, c, "work.tick") {
			end = err
		}
		if took := time.Since(began); !errors.Is(end, helium.ErrDeadline) || took < lasts || took > lasts+time.Second {
			t.Errorf("with a deadline after %v it ended with %v after %v, want ErrDeadline then", lasts, end, took)
		}
		time.Sleep(time.Second)
		if n := srv.Stats().Streams; n != 0 {
			t.Errorf("%d streams run, want none", n)
		}
	})
}

func TestAStreamThatHasBegunBeginsNowhereElseWhenItsServerIsKilled(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.atEnd(func() { time.Sleep(time.Second) }) // the handler of the killed server sees its end at its next item
		servers := make(map[string]*rpcserver.Server)
		for _, name := range []string{"a", "b", "c"} {
			_, servers[name] = w.serve(name, rpcserver.Config{})
		}
		begun := func() (all uint64, where string) {
			for name, srv := range servers {
				if n := srv.Stats().StreamsBegun; n > 0 {
					all, where = all+n, name
				}
			}
			return all, where
		}
		c := w.client(rpcclient.Config{})
		ended := make(chan error, 1)
		go func() {
			var end error
			for _, err := range rpcclient.Stream[int](context.Background(), c, "work.tick") {
				end = err
			}
			ended <- end
		}()
		time.Sleep(time.Second)
		n, where := begun()
		if n != 1 {
			t.Fatalf("it has begun %d times, want once", n)
		}
		w.bus.Kill(where)
		if err := <-ended; !errors.Is(err, helium.ErrSilent) || helium.OutcomeOf(err) != helium.Unknown {
			t.Errorf("it ended with %v, %v; want ErrSilent, unknown", err, helium.OutcomeOf(err))
		}
		if n, _ := begun(); n != 1 {
			t.Errorf("it has begun %d times when its server was killed, want once", n)
		}
	})
}

func TestAServerThatShutsDownEndsItsStreamsAfterASecondAndBeginsNoneMeanwhile(t *testing.T) {
	inFakeTime(t, func(w *world) {
		_, srv := w.serve("server", rpcserver.Config{})
		c := w.client(rpcclient.Config{})
		ended := make(chan error, 1)
		var items atomic.Int64
		go func() {
			var end error
			for _, err := range rpcclient.Stream[int](context.Background(), c, "work.tick") {
				end = err
				items.Add(1)
			}
			ended <- end
		}()
		time.Sleep(time.Second)
		before := items.Load()
		shut := make(chan error, 1)
		began := time.Now()
		go func() { shut <- srv.Shutdown(context.Background()) }()
		time.Sleep(500 * time.Millisecond)
		for _, err := range rpcclient.Stream[int](context.Background(), c.At(srv.Instance()), "work.tick") {
			if helium.OutcomeOf(err) != helium.NotExecuted || err == nil {
				t.Errorf("a stream that begins meanwhile gets %v, want an error, not executed", err)
				break
			}
		}
		err := <-ended
		if took := time.Since(began); !errors.Is(err, helium.ErrCut) || took < time.Second || took > 1200*time.Millisecond {
			t.Errorf("the stream ended with %v after %v, want ErrCut after a second", err, took)
		}
		if more := items.Load() - before; more < 90 {
			t.Errorf("%d items came meanwhile, want those of a second", more)
		}
		if err := <-shut; err != nil || time.Since(began) > 5*time.Second {
			t.Errorf("the shutdown ended with %v after %v, want that it is over soon after", err, time.Since(began))
		}
		if n := srv.Stats().StreamsBegun; n != 1 {
			t.Errorf("%d streams have begun, want the first alone", n)
		}
	})
}

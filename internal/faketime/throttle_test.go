package faketime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestAServerThatHasTooMuchToDoIsSentAboutTwiceWhatItTakes(t *testing.T) {
	for _, took := range []time.Duration{10 * ms, ms} {
		inFakeTime(t, func(w *world) {
			srv := w.serveWorkers(rpcserver.Config{MaxQueue: 200}, "busy")
			c := w.client(rpcclient.Config{MaxAttempts: 1})
			f := &traffic{services: []string{"busy"}, took: took, lasts: 1000 * took, pause: random(took / 10)}
			f.carry(c)
			held, s := int64(c.Stats().HeldBack), srv.Stats()
			if want := int64(950); f.done.Load() < want || f.other != nil {
				t.Errorf("calls of %v, ten times as many as can be run: %v; want at least %d done", took, f, want)
			}
			// Until the first refusals come, nothing is held back.
			if most := 3 * uint64(f.done.Load()); s.Calls > most {
				t.Errorf("calls of %v, ten times as many as can be run: %d came to the server, want at most %d", took, s.Calls, most)
			}
			if sum := held + int64(s.Calls); sum != f.made.Load() {
				t.Errorf("%d calls were held back and %d came to the server, want %d in all", held, s.Calls, f.made.Load())
			}
		})
	}
}

func TestACallThatIsHeldBackSaysThatItWasNotSentAndWhatToDo(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.serveWorkers(rpcserver.Config{MaxQueue: 10}, "busy")
		c := w.client(rpcclient.Config{MaxAttempts: 1})
		var held atomic.Pointer[helium.Error]
		var calls sync.WaitGroup
		for range 2000 {
			calls.Go(func() {
				err := c.Call(context.Background(), "busy.work", nil, 1000)
				if e, told := errors.AsType[*helium.Error](err); told && e.Instance == "" {
					held.Store(e)
				}
			})
			time.Sleep(50 * µs)
		}
		calls.Wait()
		e := held.Load()
		if e == nil || !errors.Is(e, helium.ErrOverloaded) || e.Outcome != helium.NotExecuted || !strings.Contains(e.Error(), "wasn't sent") || !strings.Contains(e.Error(), "start more instances") {
			t.Errorf("a call that was held back ended with %v, want ErrOverloaded, not executed, that says that it wasn't sent and what to do", e)
		}
	})
}

func TestOnceAFloodIsOverNoCallIsHeldBack(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.serveWorkers(rpcserver.Config{MaxQueue: 10}, "busy")
		c := w.client(rpcclient.Config{MaxAttempts: 1})
		f := &traffic{services: []string{"busy"}, took: ms, lasts: time.Second, pause: steady(50 * µs)}
		for range 4 {
			f.carry(c) // returns when all its calls have ended
			time.Sleep(50 * ms)
			for i := range 100 {
				if err := c.Call(context.Background(), "busy.work", nil, 10); err != nil {
					t.Fatalf("call %d after a flood: %v", i, err)
				}
			}
		}
		if c.Stats().HeldBack == 0 {
			t.Errorf("no call of the floods was held back: %v", f)
		}
	})
}

func TestAFewRefusalsHoldNothingBack(t *testing.T) {
	inFakeTime(t, func(w *world) {
		_, srv := w.serve("server", rpcserver.Config{MaxInFlight: 1, MaxQueue: -1})
		c := w.client(rpcclient.Config{MaxAttempts: 1})
		w.begin(c, "work.hold", "the one that runs")
		for i := range 500 {
			one := w.begin(c, "work.hold", fmt.Sprint(i))
			if <-one.ended; !errors.Is(one.err, helium.ErrOverloaded) {
				t.Fatalf("call %d ended with %v, want ErrOverloaded", i, one.err)
			}
			time.Sleep(2 * ms)
		}
		if held, refused := c.Stats().HeldBack, srv.Stats().Refused; held != 0 || refused != 500 {
			t.Errorf("%d calls were held back and %d refused by the server, want 0 and 500", held, refused)
		}
	})
}

// stuckWorker is a worker whose calls don't end by themselves.
type stuckWorker struct{}

func (stuckWorker) Work(ctx context.Context, _ int) { <-ctx.Done() }

func TestWhereOneInstanceHasRoomItGetsAllThatItCanDoThoughTheOthersRefuseWhatTheyGet(t *testing.T) {
	inFakeTime(t, func(w *world) {
		c := w.client(rpcclient.Config{MaxAttempts: 1, Timeout: time.Minute})
		for range 4 {
			srv := serveOneByOne(w, rpcserver.Config{MaxQueue: -1}, stuckWorker{}, "busy")
			for n := 0; srv.Stats().Running == 0; n++ {
				if n == 200 {
					t.Fatal("none of 200 calls reached an instance")
				}
				go func() { _ = c.Call(context.Background(), "busy.work", nil, 1) }()
				time.Sleep(10 * ms)
			}
		}
		w.serveWorkers(rpcserver.Config{MaxQueue: 100}, "busy")
		time.Sleep(time.Second) // the client gets to know it
		f := &traffic{services: []string{"busy"}, took: ms, lasts: 2 * time.Second, pause: steady(100 * µs)}
		f.carry(c)
		if want := int64(1900); f.done.Load() < want {
			t.Errorf("%v, want at least %d done, nearly all that one of five can do", f, want)
		}
	})
}

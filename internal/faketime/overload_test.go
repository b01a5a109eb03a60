package faketime_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// worker is a service whose calls take what they say. Of a server that runs one at a time they
// are as good as handlers that compute on one processor, and time is exact.
type worker struct{}

func (worker) Work(micros int) { time.Sleep(time.Duration(micros) * time.Microsecond) }

// traffic is calls of a second each, and what became of them.
type traffic struct {
	services                  []string             // whose calls it are, in turn
	took                      time.Duration        // by each handler
	pause                     func() time.Duration // from call to call
	lasts                     time.Duration
	made, done, refused, late atomic.Int64

	mu        sync.Mutex
	latencies []time.Duration // guarded by mu; of those that were done
	other     error           // guarded by mu; how a call ended otherwise, nil: none did
}

// steady are pauses that are all the same.
func steady(pause time.Duration) func() time.Duration { return func() time.Duration { return pause } }

// random are pauses as they are between the calls of many who don't know of each other.
func random(mean time.Duration) func() time.Duration {
	r := rand.New(rand.NewPCG(1, uint64(mean)))
	return func() time.Duration { return time.Duration(r.ExpFloat64() * float64(mean)) }
}

// carry makes the calls, whatever becomes of those before, and returns when all have ended.
func (f *traffic) carry(c *rpcclient.Client) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for began := time.Now(); time.Since(began) < f.lasts; time.Sleep(f.pause()) {
		method := f.services[f.made.Add(1)%int64(len(f.services))] + ".work"
		calls.Go(func() { f.call(c, method) })
	}
}

func (f *traffic) call(c *rpcclient.Client, method string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	began := time.Now()
	err := c.Call(ctx, method, nil, int(f.took.Microseconds()))
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.done.Add(1)
		f.latencies = append(f.latencies, time.Since(began))
	case errors.Is(err, helium.ErrOverloaded) && helium.OutcomeOf(err) == helium.NotExecuted:
		f.refused.Add(1)
		if says := helium.AsError(err).Details["waited_ms"] == "50"; says != (time.Since(began) >= 50*ms) {
			f.other = fmt.Errorf("after %v: %w, which says that it waited: %v", time.Since(began), err, says)
		}
	case helium.CodeOf(err) == helium.CodeDeadlineExceeded:
		f.late.Add(1)
	default:
		f.other = err
	}
}

func (f *traffic) String() string {
	return fmt.Sprintf("%d of %d calls of %v done, %d refused, %d late, other error %v", f.done.Load(), f.made.Load(), f.services[0], f.refused.Load(), f.late.Load(), f.other)
}

// p99 is what all but one in a hundred of the calls that were done took at most.
func (f *traffic) p99() time.Duration {
	slices.Sort(f.latencies)
	return f.latencies[len(f.latencies)*99/100]
}

// serveWorkers starts a server of services that runs one call at a time.
func (w *world) serveWorkers(config rpcserver.Config, services ...string) *rpcserver.Server {
	w.t.Helper()
	return serveOneByOne(w, config, worker{}, services...)
}

// serveOneByOne starts a server of services that runs one call at a time.
func serveOneByOne[T any](w *world, config rpcserver.Config, service T, names ...string) *rpcserver.Server {
	w.t.Helper()
	config.Logger, config.NoMonitoring, config.MaxInFlight = quiet, true, 1
	srv := rpcserver.New(w.connect("server"), config)
	for _, name := range names {
		if err := rpcserver.Register(srv, name, service); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := srv.Start(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.atEnd(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
	})
	return srv
}

// together carries several kinds of traffic at once.
func (w *world) together(all ...*traffic) {
	w.t.Helper()
	c := w.client(rpcclient.Config{MaxAttempts: 1})
	var traffics sync.WaitGroup
	for _, f := range all {
		traffics.Go(func() { f.carry(c) })
	}
	traffics.Wait()
}

const ms, µs = time.Millisecond, time.Microsecond

func TestAFloodOfOneServiceLeavesTheCallsOfAnotherTheirShare(t *testing.T) {
	const lasts = 3 * time.Second
	for _, test := range []struct {
		name           string
		flood, politer time.Duration // that calls take
		times          time.Duration // as many as can be run
		every          time.Duration // so often the polite ones come
	}{
		{"of like calls", 10 * ms, 10 * ms, 10, 50 * ms},
		{"of slow calls", 10 * ms, 300 * µs, 10, 2 * ms},
		{"of quick calls", ms, 10 * ms, 5, 40 * ms},
		{"that is small", 10 * ms, 10 * ms, 2, 40 * ms},
		{"of very slow calls", 200 * ms, 5 * ms, 10, 50 * ms},
	} {
		inFakeTime(t, func(w *world) {
			w.serveWorkers(rpcserver.Config{MaxQueue: 1000}, "flooded", "polite")
			flood := &traffic{services: []string{"flooded"}, took: test.flood, pause: steady(test.flood / test.times), lasts: lasts}
			polite := &traffic{services: []string{"polite"}, took: test.politer, pause: steady(test.every), lasts: lasts}
			w.together(flood, polite)
			if polite.done.Load() != polite.made.Load() {
				t.Errorf("a flood %s: %v; want all of another service done beside it", test.name, polite)
			}
			left := lasts - time.Duration(polite.made.Load())*test.politer
			if want := int64(left * 9 / 10 / test.flood); flood.done.Load() < want || flood.other != nil {
				t.Errorf("a flood %s: %v; want at least %d done, what is left by the others", test.name, flood, want)
			}
		})
	}
}

func TestWhoWaitsForAnswersOfOneServiceGetsThemInAFloodOfAnother(t *testing.T) {
	const callers, lasts = 16, 10 * time.Second
	inFakeTime(t, func(w *world) {
		w.serveWorkers(rpcserver.Config{MaxQueue: 1000}, "flooded", "polite")
		var answers [callers]int
		c := w.client(rpcclient.Config{MaxAttempts: 1})
		var patient sync.WaitGroup
		for i := range answers {
			patient.Go(func() {
				for began := time.Now(); time.Since(began) < lasts; answers[i]++ {
					if err := c.Call(context.Background(), "polite.work", nil, 10_000); err != nil {
						t.Errorf("caller %d, call %d: %v", i, answers[i], err)
						return
					}
				}
			})
		}
		flood := &traffic{services: []string{"flooded"}, took: 10 * ms, pause: steady(ms), lasts: lasts}
		w.together(flood)
		patient.Wait()
		sum := 0
		for _, n := range answers {
			sum += n
		}
		if sum < 400 || sum > 600 {
			t.Errorf("%d answers where 1,000 calls can be run, want about half of them", sum)
		}
		if least := slices.Min(answers[:]); least < sum/callers*3/4 {
			t.Errorf("the callers got %v answers, want each at least three quarters of its share", answers)
		}
	})
}

func TestHoweverManyCallsComeNearlyAllThatCanBeRunAreDoneInTime(t *testing.T) {
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprintf("s%d", i)
	}
	for _, test := range []struct {
		name     string
		took     time.Duration
		lasts    time.Duration
		services []string
		pauses   func(mean time.Duration) func() time.Duration
		loads    []float64 // of what can be run; the first one leaves room
	}{
		{"10 ms", 10 * ms, 10 * time.Second, many[:1], random, []float64{0.8, 2, 5, 10}},
		{"10 ms, of 20 services", 10 * ms, 10 * time.Second, many, random, []float64{0.8, 2, 5, 10}},
		{"300 µs", 300 * µs, 3 * time.Second, many[:1], random, []float64{0.8, 2, 5}},
		{"10 ms, at even distances, so that none waits without a flood", 10 * ms, 20 * time.Second, many[:1], steady, []float64{0.8, 1.5, 2}},
	} {
		var calm time.Duration // the 99th percentile without a flood
		for _, times := range test.loads {
			inFakeTime(t, func(w *world) {
				// Who waits for the longest queue waits for longer than calls have.
				w.serveWorkers(rpcserver.Config{MaxQueue: 2000}, test.services...)
				f := &traffic{services: test.services, took: test.took, lasts: test.lasts, pause: test.pauses(time.Duration(float64(test.took) / times))}
				w.together(f)
				p99 := f.p99()
				t.Logf("calls of %s, %v times: %v; p99 %v", test.name, times, f, p99)
				if times < 1 {
					calm = p99
					if f.done.Load() != f.made.Load() {
						t.Errorf("calls of %s, %v times as many as can be run: %v, want all done", test.name, times, f)
					}
					return
				}
				if want := int64(test.lasts / test.took * 95 / 100); f.done.Load() < want || f.other != nil {
					t.Errorf("calls of %s, %v times as many as can be run: %v; want at least %d done", test.name, times, f, want)
				}
				if most := f.made.Load() / 100; f.late.Load() > most {
					t.Errorf("calls of %s, %v times as many as can be run: %v; want at most %d late, and the others refused before", test.name, times, f, most)
				}
				if p99 > 2*calm {
					t.Errorf("calls of %s, %v times as many as can be run: p99 %v, want at most twice the %v without a flood", test.name, times, p99, calm)
				}
			})
		}
	}
}

func TestTheBytesThatWaitAreBoundedAndWhatIsBeyondIsRefusedAtOnce(t *testing.T) {
	inFakeTime(t, func(w *world) {
		_, srv := w.serve("server", rpcserver.Config{MaxInFlight: 1, MaxQueue: 1000, MaxQueueBytes: 100_000})
		c := w.client(rpcclient.Config{MaxAttempts: 1})
		w.begin(c, "work.hold", "the one that runs")
		var all []*call
		for i := range 50 {
			all = append(all, w.begin(c, "work.hold", fmt.Sprint(i, strings.Repeat("x", 10_000))))
		}
		refused := 0
		for _, one := range all {
			select {
			case <-one.ended: // before any time has passed
				if refused++; !errors.Is(one.err, helium.ErrOverloaded) || helium.OutcomeOf(one.err) != helium.NotExecuted {
					t.Errorf("a call ended with %v, want ErrOverloaded, not executed", one.err)
				}
			default:
			}
		}
		s := srv.Stats()
		if refused != 41 || s.Waiting != 9 || s.RefusedFull != 41 || s.WaitingBytes > 100_000 {
			t.Errorf("%d of 50 calls of 10,000 bytes were refused at once, and Stats = %+v; want 41, as 9 fit", refused, s)
		}
	})
}

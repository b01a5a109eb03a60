package pool

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// load simulates a server that runs one call at a time, each for so long, under calls of a
// second that come at random, so many times as fast as it runs them. It returns which part of its
// time it ran calls that were done in time, and the 99th percentile of how long those took.
func load(t *testing.T, times float64, took time.Duration) (good float64, p99 time.Duration) {
	const enough = 3000 // calls that are run, or as many as in 20 s
	simulated := max(enough*took, 20*time.Second)
	q := newQueueTest(t, 2048)
	random := rand.New(rand.NewPCG(1, uint64(times*10)))
	pause := func() time.Duration { return time.Duration(random.ExpFloat64() * float64(took) / times) }
	began, arrival, idle := q.now, q.now.Add(pause()), q.now
	var latencies []time.Duration
	for q.now.Sub(began) < simulated {
		if q.len() > 0 && !idle.After(arrival) {
			q.now = idle
			if call, _ := q.takes(); call != nil {
				idle = q.now.Add(took)
				if latency := idle.Sub(call.task.Begun); latency <= time.Second {
					latencies = append(latencies, latency)
				}
			}
			continue
		}
		q.now = arrival
		if idle.Before(q.now) {
			idle = q.now
		}
		q.comes(time.Second)
		arrival = q.now.Add(pause())
	}
	slices.Sort(latencies)
	return float64(time.Duration(len(latencies))*took) / float64(simulated), latencies[len(latencies)*99/100]
}

func TestUnderAnyLoadAServerIsBusyWithCallsThatAreDoneInTime(t *testing.T) {
	for _, took := range []time.Duration{300 * time.Microsecond, 10 * time.Millisecond, 100 * time.Millisecond} {
		_, usual := load(t, 0.8, took)
		for _, times := range []float64{1, 1.05, 1.2, 2, 5, 10} {
			good, p99 := load(t, times, took)
			t.Logf("calls of %v, %v times: %.3f of the time, p99 %v; at 0.8 times p99 %v", took, times, good, p99, usual)
			if good < 0.85 || times >= 2 && good < 0.98 {
				t.Errorf("calls of %v, %v times as many as can be run: %.3f of the time went into those done in time, want 0.85, and 0.98 from 2 times on", took, times, good)
			}
			if times >= 2 && p99 > 2*usual {
				t.Errorf("calls of %v, %v times as many as can be run: p99 %v, want at most twice the %v at 0.8 times", took, times, p99, usual)
			}
		}
	}
}

func TestCallersThatWaitForAnswersAllGetThem(t *testing.T) {
	// 256 callers, each with one call of 10 ms and 10 s at a time: 2.56 s a turn.
	const callers = 256
	q := newQueueTest(t, 1024)
	of := make(map[*call]int)
	var turns [callers]int
	for i := range callers {
		call, _ := q.comes(10 * time.Second)
		of[call] = i
	}
	for range 100 * callers {
		q.now = q.now.Add(10 * time.Millisecond)
		call, refused := q.takes()
		if len(refused) > 0 {
			t.Fatal("a call is refused that others were to be run before")
		}
		caller := of[call]
		delete(of, call)
		turns[caller]++
		again, refused := q.comes(10 * time.Second)
		if len(refused) > 0 {
			t.Fatal("a call is refused")
		}
		of[again] = caller
	}
	if least := slices.Min(turns[:]); least < 95 {
		t.Errorf("one caller had %d turns where all have 100 on average", least)
	}
}

// refusedOfCallers simulates callers that make a call of ten seconds, wait for its answer, and call again, in messages
// of up to so many calls, to a server that takes so long for each. Now and then, at random, that stands
// still for as long on average; and after ten turns of each there are as many callers more. It returns how many calls
// weren't run, by reason.
func refusedOfCallers(t *testing.T, seed uint64, callers, message int, took, still time.Duration) map[Reason]int {
	random := rand.New(rand.NewPCG(seed, 2))
	q := newQueueTest(t, 10*callers)
	reasons := make(map[Reason]int)
	calling := callers // who are to call next
	count := func(refused []Refused[call]) {
		for _, r := range refused {
			reasons[r.Why]++
			calling++
		}
	}
	for turn := range 40 * callers {
		if turn == 10*callers {
			calling += callers
		}
		if calling > 0 && (random.IntN(message) == 0 || calling >= message) {
			calls := make([]*call, min(calling, message))
			for i := range calls {
				calls[i] = callAt(q.now, 10*time.Second)
			}
			calling -= len(calls)
			count(q.puts(calls...))
		}
		q.now = q.now.Add(took)
		if still > 0 && random.IntN(500) == 0 {
			q.now = q.now.Add(time.Duration(random.ExpFloat64() * float64(still)))
		}
		call, refused := q.takes()
		count(refused)
		if call != nil {
			calling++
		}
	}
	return reasons
}

func TestCallersThatWaitForAnswersGetThemFromAServerThatStandsStillAtTimes(t *testing.T) {
	for _, c := range []struct {
		callers, message int
		still            time.Duration
	}{
		{1000, 1, 0}, {1000, 1, 300 * time.Millisecond},
		{1000, 10, 100 * time.Millisecond}, {200, 20, 500 * time.Millisecond},
		{1000, 100, 0}, {1000, 100, 300 * time.Millisecond},
	} {
		for _, took := range []time.Duration{100 * time.Microsecond, 300 * time.Microsecond, time.Millisecond} {
			for seed := range uint64(10) {
				if got := refusedOfCallers(t, seed, c.callers, c.message, took, c.still); len(got) > 0 {
					t.Errorf("%d callers that send up to %d calls of %v in a message to a server that stands still for %v at times, with seed %d: refused by reason %v, want none", c.callers, c.message, took, c.still, seed, got)
				}
			}
		}
	}
}

package pool

import (
	"math"
	"slices"
	"testing"
	"time"
)

// queueTest is a queue, and a clock that stands still but for what the test lets pass.
type queueTest struct {
	queue[call]
	t    *testing.T
	now  time.Time
	room int // for calls that wait
}

func newQueueTest(t *testing.T, room int) *queueTest {
	return &queueTest{queue: queue[call]{maxBytes: math.MaxInt}, t: t, now: time.Now(), room: room}
}

// call is what these tests take for one.
type call struct {
	task Task[call]
	run  func()
}

// callAt returns a call that has so much time.
func callAt(now time.Time, left time.Duration) *call {
	c := &call{task: Task[call]{Begun: now, Deadline: now.Add(left), Size: 512}}
	c.task.Call = c
	return c
}

// puts adds calls, and returns those that aren't run for it.
func (q *queueTest) puts(calls ...*call) []Refused[call] {
	refused := q.begin(q.now)
	for _, c := range calls {
		refused = q.put(refused, &c.task, q.room-q.len(), q.now)
	}
	return refused
}

// takes takes the next call.
func (q *queueTest) takes() (*call, []Refused[call]) {
	c, _, refused := q.next(q.now)
	return c, refused
}

// isIn reports whether a call is among those that aren't run.
func isIn(refused []Refused[call], c *call) bool {
	return slices.ContainsFunc(refused, func(r Refused[call]) bool { return r.Call == c })
}

// comes adds a call that has so much time, and returns it and those that aren't run for it.
func (q *queueTest) comes(left time.Duration) (c *call, refused []Refused[call]) {
	c = callAt(q.now, left)
	return c, q.puts(c)
}

// flood has n calls of a second come for each of turns that comes, one each pause, until the
// queue has seen enough.
func (q *queueTest) flood(n, turns int, pause time.Duration) (came []*call, refused []Refused[call], ran []*call) {
	for range turns {
		for range n {
			call, r := q.comes(time.Second)
			came, refused = append(came, call), append(refused, r...)
		}
		q.now = q.now.Add(pause)
		call, r := q.takes()
		ran, refused = append(ran, call), append(refused, r...)
	}
	return came, refused, ran
}

// wantWhy checks why calls are refused.
func wantWhy(t *testing.T, refused []Refused[call], want Reason) {
	t.Helper()
	for _, r := range refused {
		if r.Why != want {
			t.Errorf("a call is refused for reason %d, want %d", r.Why, want)
		}
	}
}

func TestCallsHaveTheirTurnsInTheOrderOfArrivalAsLongAsAllAreRun(t *testing.T) {
	q := newQueueTest(t, 1000)
	var came []*call
	for range 200 { // wait for 200 ms each
		call, _ := q.comes(10 * time.Second)
		came = append(came, call)
	}
	for i := range 2000 {
		q.now = q.now.Add(time.Millisecond)
		call, refused := q.takes()
		if call != came[i] || len(refused) > 0 {
			t.Fatalf("turn %d is that of call %d, and %d are refused; want each in its turn", i, slices.Index(came, call), len(refused))
		}
		call, refused = q.comes(10 * time.Second)
		if came = append(came, call); len(refused) > 0 {
			t.Fatalf("%d calls are refused, want none", len(refused))
		}
	}
}

func TestWhenTooManyCallsComeTheNewestIsFirstAndTheOldAreRefused(t *testing.T) {
	q := newQueueTest(t, 100_000)
	_, refused, _ := q.flood(2, 50, time.Millisecond)
	if len(refused) > 0 {
		t.Errorf("%d calls are refused in the first 50 ms, want none: it may be a burst", len(refused))
	}
	q.flood(2, 200, time.Millisecond)
	came, refused, ran := q.flood(2, 100, time.Millisecond)
	for i, call := range ran {
		if call != came[2*i+1] {
			t.Fatalf("turn %d is that of call %d, want the newest, %d", i, slices.Index(came, call), 2*i+1)
		}
	}
	if len(refused) < 90 || len(refused) > 110 {
		t.Errorf("%d calls are refused while 100 come that can't be run, want as many", len(refused))
	}
	for _, r := range refused {
		if waited := q.now.Sub(r.Call.task.Begun); waited < 20*time.Millisecond || waited > 120*time.Millisecond {
			t.Fatalf("a call is refused that has waited for %v of its second, want little more than twenty turns of 1 ms", waited)
		}
	}
	if got := q.len(); got < 15 || got > 25 {
		t.Errorf("%d calls wait, want those of 20 ms", got)
	}
	wantWhy(t, refused, Vain)
}

func TestUnderAFloodQuickCallsWaitInVainForFiveMillisecondsAtLeast(t *testing.T) {
	q := newQueueTest(t, 100_000)
	q.flood(2, 3000, 100*time.Microsecond)
	refused, least, most := 0, time.Hour, time.Duration(0)
	for range 1000 {
		_, now, _ := q.flood(2, 1, 100*time.Microsecond)
		for _, r := range now {
			waited := q.now.Sub(r.Call.task.Begun)
			refused, least, most = refused+1, min(least, waited), max(most, waited)
		}
	}
	if refused < 900 || least < 5*time.Millisecond || most > 8*time.Millisecond {
		t.Errorf("of 1,000 calls too many %d are refused that have waited for %v to %v; want nearly all, after 5 ms, which is more than twenty turns of 0.1 ms, and little more", refused, least, most)
	}
}

func TestAFloodOfQuickCallsIsNoticedBeforeManyHaveWaitedForLong(t *testing.T) {
	const took = 300 * time.Microsecond
	for _, c := range []struct {
		times  int // as many come as have their turns
		within time.Duration
	}{{2, 20 * time.Millisecond}, {5, 10 * time.Millisecond}, {10, 8 * time.Millisecond}} {
		q := newQueueTest(t, 100_000)
		began := q.now
		for q.now.Sub(began) < 50*time.Millisecond {
			_, _, ran := q.flood(c.times, 1, took)
			if waited := q.now.Sub(ran[0].task.Begun); q.now.Sub(began) > c.within && waited > took {
				t.Errorf("%d times as many calls as have their turns: after %v the turn is that of one that came %v ago, want the newest from %v on", c.times, q.now.Sub(began), waited, c.within)
				break
			}
		}
	}
}

func TestABurstOfQuickCallsThatTakesAFewMillisecondsToComeIsNoFlood(t *testing.T) {
	const took = 300 * time.Microsecond
	for _, times := range []int{3, 10, 100} {
		q := newQueueTest(t, 100_000)
		came, refused, ran := q.flood(times, 20, took)
		for len(ran) < len(came) {
			q.now = q.now.Add(took)
			call, more := q.takes()
			ran, refused = append(ran, call), append(refused, more...)
		}
		if len(refused) > 0 {
			t.Errorf("%d calls that came within 6 ms: %d are refused, want all run within their second", len(came), len(refused))
		}
	}
}

func TestOnceAFloodIsOverTheOldestIsFirstAgain(t *testing.T) {
	q := newQueueTest(t, 100_000)
	q.flood(2, 300, time.Millisecond)
	for q.len() > 0 {
		q.now = q.now.Add(time.Millisecond)
		q.takes()
	}
	q.now = q.now.Add(time.Second)
	first, _ := q.comes(time.Second)
	q.comes(time.Second)
	if call, _ := q.takes(); call != first {
		t.Error("the newest call is first long after a flood")
	}
}

func TestAServerThatStoodStillDuringAFloodTakesTheNewestFirstAsBefore(t *testing.T) {
	const turn = 10 * time.Millisecond
	for _, still := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, time.Second, time.Minute} {
		q := newQueueTest(t, 10_000)
		q.flood(5, 50, turn)
		began := q.now
		q.now = q.now.Add(still)
		q.takes() // the call that ran meanwhile is over, and what came isn't read yet
		var backlog []*call
		for at := began; at.Before(q.now); at = at.Add(turn / 5) {
			backlog = append(backlog, callAt(at, time.Second))
		}
		q.puts(backlog...)
		for range 30 {
			for range 5 {
				q.comes(time.Second)
			}
			call, _ := q.takes()
			if waited := q.now.Sub(call.task.Begun); waited > 2*turn {
				t.Errorf("after it stood still for %v, it runs a call that has waited %v, want one of those that have just come", still, waited)
				break
			}
			q.now = q.now.Add(turn)
		}
	}
}

func TestABurstIsNoFlood(t *testing.T) {
	q := newQueueTest(t, 100_000)
	for range 900 {
		if _, refused := q.comes(time.Second); len(refused) > 0 {
			t.Fatal("a call of a burst is refused")
		}
	}
	ran := 0
	for q.len() > 0 {
		q.now = q.now.Add(time.Millisecond)
		call, refused := q.takes()
		if len(refused) > 0 {
			t.Fatalf("%d calls are refused after %d, want all 900 run within their second", len(refused), ran)
		}
		if call != nil {
			ran++
		}
	}
	if ran != 900 {
		t.Errorf("%d calls are run of 900", ran)
	}
}

func TestInAFullQueueTheOldestGivesWayIfCallsAreRun(t *testing.T) {
	q := newQueueTest(t, 20)
	q.flood(2, 100, time.Millisecond)
	for q.len() < q.room {
		q.comes(time.Second)
	}
	oldest := q.of(nil).first().Call
	newest, refused := q.comes(time.Second)
	if len(refused) != 1 || refused[0].Call != oldest {
		t.Fatalf("%d calls are refused, the newest: %v; want the oldest", len(refused), isIn(refused, newest))
	}
	wantWhy(t, refused, Displaced)
	if call, _ := q.takes(); call != newest {
		t.Error("the newest call isn't first")
	}
}

func TestInAFullQueueTheNewestIsRefusedIfNoneIsRun(t *testing.T) {
	q := newQueueTest(t, 20)
	for range 20 {
		q.comes(time.Hour)
	}
	for range 100 {
		q.now = q.now.Add(50 * time.Millisecond)
		newest, refused := q.comes(time.Hour)
		if len(refused) != 1 || refused[0].Call != newest {
			t.Fatalf("%d calls are refused, the newest: %v; want the newest alone, as those that run are stuck", len(refused), isIn(refused, newest))
		}
		wantWhy(t, refused, Crowded)
	}
}

func TestInAFullQueueThoseWhoseTimeRanOutGiveWay(t *testing.T) {
	q := newQueueTest(t, 2)
	over, _ := q.comes(time.Millisecond)
	q.comes(time.Hour)
	q.now = q.now.Add(time.Second)
	if _, refused := q.comes(time.Hour); len(refused) != 1 || refused[0].Call != over {
		t.Errorf("%d calls are refused, want the one whose time ran out", len(refused))
	}
}

func TestWhatWaitsIsBoundedInBytes(t *testing.T) {
	q := newQueueTest(t, 1000)
	q.maxBytes = 100_000
	large := callAt(q.now, time.Hour)
	large.task.Size = 200_000
	if refused := q.puts(large); len(refused) > 0 {
		t.Error("a call that is larger than all that may wait is refused though none waits")
	}
	if call, _ := q.comes(time.Hour); q.len() != 1 || call == nil {
		t.Errorf("%d calls wait, want the large one alone", q.len())
	}
	if call, _ := q.takes(); call != large || q.bytes != 0 {
		t.Errorf("%d bytes wait once nothing does, want 0", q.bytes)
	}
	taken := 0
	for range 100 {
		call := callAt(q.now, time.Hour)
		call.task.Size = 10_500
		if refused := q.puts(call); len(refused) == 0 {
			taken++
		}
	}
	if taken != 9 {
		t.Errorf("%d calls of 10,000 bytes and a little wait, want 9 in 100,000", taken)
	}
}

func TestACallThatCannotBeRunInTimeIsRefusedWhenItComes(t *testing.T) {
	q := newQueueTest(t, 1000)
	for range 100 {
		q.comes(time.Hour)
	}
	for range 50 { // one turn each 10 ms, and as many come
		q.now = q.now.Add(10 * time.Millisecond)
		q.takes()
		q.comes(time.Hour)
	}
	for _, c := range []struct {
		left    time.Duration
		refused bool
	}{{500 * time.Millisecond, true}, {900 * time.Millisecond, true}, {1200 * time.Millisecond, false}, {time.Minute, false}} {
		call, refused := q.comes(c.left)
		if got := isIn(refused, call); got != c.refused {
			t.Errorf("a call with %v left behind %d that take 10 ms each: refused %v, want %v", c.left, q.len(), got, c.refused)
		}
		wantWhy(t, refused, Hopeless)
	}
}

// hasRunOut reports whether it is that call that isn't run, as its time was over.
func hasRunOut(r Refused[call], c *call) bool { return r.Call == c && r.Why == Over }

func TestCallsWhoseTimeRanOutTakeNoTurn(t *testing.T) {
	q := newQueueTest(t, 1000)
	var over []*call
	for range 10 {
		call, _ := q.comes(time.Second)
		over = append(over, call)
	}
	live, _ := q.comes(time.Hour)
	q.now = q.now.Add(time.Minute)
	call, refused := q.takes()
	if call != live || !slices.EqualFunc(refused, over, hasRunOut) {
		t.Errorf("the next call is the live one: %v, and %d are refused; want the live one, and the 10 that are over", call == live, len(refused))
	}
}

// comeOf has calls of a kind that have so much time come, and returns those refused.
func (q *queueTest) comeOf(k *Kind, n int, left time.Duration) (refused []Refused[call]) {
	for range n {
		call := callAt(q.now, left)
		call.task.Kind = k
		refused = append(refused, q.puts(call)...)
	}
	return refused
}

func TestInAFullQueueTheKindWithTheMostCallsGivesWay(t *testing.T) {
	many, few := new(Kind), new(Kind)
	q := newQueueTest(t, 20)
	if refused := q.comeOf(many, 20, time.Hour); len(refused) > 0 {
		t.Fatalf("%d calls are refused of as many as there is room for", len(refused))
	}
	refused := q.comeOf(few, 15, time.Hour)
	ofMany := 0
	for _, r := range refused {
		want := Crowded
		if r.Call.task.Kind == many {
			ofMany++
			want = Displaced
		}
		wantWhy(t, []Refused[call]{r}, want)
	}
	if len(refused) != 15 || ofMany != 10 || q.of(few).len() != 10 {
		t.Errorf("%d calls are refused, %d of them of the kind that had all the room, and %d of the other wait; want 15, 10, 10", len(refused), ofMany, q.of(few).len())
	}
	if q.len() != 20 {
		t.Errorf("%d calls wait, want 20", q.len())
	}
}

func TestInAQueueFullOfBytesTheKindWithTheMostGivesWay(t *testing.T) {
	large, small := new(Kind), new(Kind)
	q := newQueueTest(t, 1000)
	q.maxBytes = 100_000
	for range 9 {
		call := callAt(q.now, time.Hour)
		call.task.Kind, call.task.Size = large, 10_500
		q.puts(call)
	}
	if refused := q.comeOf(small, 5, time.Hour); len(refused) > 1 || q.of(small).len() != 5 {
		t.Errorf("%d calls are refused, and %d of 5 small ones wait; want room for them at the cost of one large one at most", len(refused), q.of(small).len())
	}
	if q.bytes > q.maxBytes {
		t.Errorf("%d bytes wait, want at most %d", q.bytes, q.maxBytes)
	}
}

func TestOfTheKindsThatWaitThoseAreFirstThatHaveUsedLess(t *testing.T) {
	slow, quick := new(Kind), new(Kind)
	q := newQueueTest(t, 1000)
	q.of(slow).settle(100 * time.Millisecond)
	q.of(quick).settle(time.Millisecond)
	q.comeOf(slow, 10, time.Hour)
	q.now = q.now.Add(time.Microsecond)
	q.comeOf(quick, 10, time.Hour)
	var order []*Kind
	for q.len() > 0 {
		call, _ := q.takes()
		order = append(order, call.task.Kind)
	}
	if order[0] != slow || slices.Contains(order[1:11], slow) {
		t.Error("the first call wasn't of the slow kind, which came first, or one of the next ten was; want the quick one's turns, as it used less")
	}
}

func TestACallThatWaitsForOneSlowCallIsNotInVain(t *testing.T) {
	q := newQueueTest(t, 100_000)
	q.flood(2, 300, time.Millisecond)
	q.comes(time.Second)
	newest, _ := q.comes(time.Second)
	q.now = q.now.Add(400 * time.Millisecond) // one call ran all the time
	q.seen = q.now
	if _, refused := q.comes(time.Second); isIn(refused, newest) {
		t.Error("a call is refused that would have been the next")
	}
}

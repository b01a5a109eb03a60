package clocks

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// farSender is a sender whose clock drifts from the server's.
type farSender struct {
	*Clocks
	t      *testing.T
	number uint64
	origin uint64  // what the clock showed when the server was born
	drift  float64 // how many times as fast it goes
}

func newFarSender(t *testing.T, c *Clocks, origin uint64, drift float64) *farSender {
	return &farSender{Clocks: c, t: t, number: rand.Uint64(), origin: origin, drift: drift}
}

// reading is what the clock shows at a time since the server was born.
func (s *farSender) reading(at time.Duration) uint64 {
	return s.origin + uint64(float64(at)*s.drift/float64(time.Microsecond))
}

// wait returns how long a message seems to have waited that was begun at a time since the server
// was born, and arrived so much later.
func (s *farSender) wait(begun, under time.Duration) time.Duration {
	s.t.Helper()
	waited, sure := s.Waited(s.number, s.reading(begun), s.pulse.born.Add(begun+under))
	if !sure {
		s.t.Errorf("begun at %v: not sure how long it waited, though the server never stood still", begun)
	}
	return waited
}

// origins are where clocks may begin: anywhere, so that they run over, too.
var origins = []uint64{0, 1, 1 << 40, 1<<63 - 5_000_000, 1 << 63, 1<<64 - 1, 1<<64 - 3_600_000_000}

func TestWhatAMessageTakesBeyondTheLeastIsHowLongItWaited(t *testing.T) {
	for _, origin := range origins {
		s := newFarSender(t, New(NewPulse(), nil), origin, 1)
		for i, step := range []struct{ begun, under, want time.Duration }{
			{1 * time.Second, 5 * time.Millisecond, 0}, // the first one is as good as any
			{2 * time.Second, 2 * time.Millisecond, 0},
			{3 * time.Second, 7 * time.Millisecond, 5 * time.Millisecond},
			{4 * time.Second, 8*time.Second + 2*time.Millisecond, 8 * time.Second},
			{13 * time.Second, 1 * time.Millisecond, 0},
			{14 * time.Second, 3 * time.Millisecond, 2 * time.Millisecond},
		} {
			got := s.wait(step.begun, step.under)
			// The least has risen by 200 ppm since it was seen.
			if diff := step.want - got; diff < -2*time.Microsecond || diff > 3*time.Millisecond {
				t.Errorf("a clock that began with %d, message %d: waited %v, want %v", origin, i, got, step.want)
			}
		}
	}
}

// Over days no call is refused for the drift of a clock, and none that waited runs late for it by
// more than clocks may drift apart meanwhile.
func TestClocksMayDriftApart(t *testing.T) {
	for _, ppm := range []float64{-200, -199.5, -50, -1, 0, 1, 50, 199.5, 200} {
		for _, origin := range origins {
			s := newFarSender(t, New(NewPulse(), nil), origin, 1+ppm/1e6)
			luck := rand.New(rand.NewPCG(uint64(int64(ppm)), origin))
			for at := time.Duration(0); at < 5*24*time.Hour; at += time.Duration(luck.ExpFloat64() * float64(time.Minute)) {
				const least = time.Millisecond
				if luck.IntN(10) > 0 {
					if got := s.wait(at, least); got > 5*time.Microsecond {
						t.Fatalf("%v ppm, after %v: a message that waited for nothing waited %v", ppm, at, got)
					}
					continue
				}
				jitter := time.Duration(luck.ExpFloat64() * float64(5*time.Millisecond))
				if got := s.wait(at, least+jitter); got > jitter+5*time.Microsecond {
					t.Fatalf("%v ppm, after %v: a message that waited %v waited %v", ppm, at, jitter, got)
				}
			}
		}
	}
}

func TestAQueueThatStandsNeverBecomesNormal(t *testing.T) {
	for _, ppm := range []float64{-200, 0, 200} {
		s := newFarSender(t, New(NewPulse(), nil), 7, 1+ppm/1e6)
		s.wait(0, time.Millisecond)
		for at := time.Second; at < time.Hour; at += time.Second / 3 {
			const stands = 10 * time.Second
			got := s.wait(at, stands)
			if least := stands - (at+stands)*400/1_000_000 - 2*time.Millisecond; got < least || got > stands+5*time.Microsecond {
				t.Fatalf("%v ppm, a queue of %v that has stood for %v: waited %v, want at least %v", ppm, stands, at, got, least)
			}
		}
	}
}

func TestALiarsClockIsItsOwnHarm(t *testing.T) {
	c := New(NewPulse(), nil)
	honest := newFarSender(t, c, 12345, 1)
	honest.wait(0, 0)
	luck := rand.New(rand.NewPCG(1, 2))
	readings := []uint64{0, 1, 1<<63 - 1, 1 << 63, 1<<63 + 1, 1<<64 - 1}
	for at := time.Second; at < 2*time.Hour; at += 100 * time.Millisecond {
		reading := luck.Uint64()
		if luck.IntN(2) > 0 {
			reading = readings[luck.IntN(len(readings))]
		}
		if waited, sure := c.Waited(luck.Uint64N(20_000), reading, c.pulse.born.Add(at)); waited < 0 || waited > wire.MaxTime || !sure {
			t.Fatalf("a lie of %d: waited %v, sure %v; want between 0 and %v", reading, waited, sure, wire.MaxTime)
		}
		if got := honest.wait(at, 0); got > 5*time.Microsecond {
			t.Fatalf("after %v an honest sender's message that waited for nothing waited %v", at, got)
		}
		if n := len(c.recent) + len(c.former); n > maxClocks {
			t.Fatalf("%d clocks are known, want at most %d", n, maxClocks)
		}
	}
	if got := honest.wait(2*time.Hour, time.Second); got < 990*time.Millisecond {
		t.Errorf("and one that waited a second waited %v", got)
	}
}

// census sends messages of many clocks.
type census struct{ *Clocks }

// known returns of how many clocks a message that waited a second, until a time after the server was
// born, is seen to have waited. The next clock is asked a moment later.
func (c census) known(at time.Duration, first, behind uint64) (known int) {
	for clock := first; clock < behind; clock++ {
		waited, _ := c.Waited(clock, micros(at-time.Second), c.pulse.born.Add(at))
		if waited > time.Second/2 {
			known++
		}
	}
	return known
}

// use has a message come of each clock, which waited for nothing.
func (c census) use(at time.Duration, first, behind uint64) {
	for clock := first; clock < behind; clock++ {
		c.Waited(clock, micros(at), c.pulse.born.Add(at))
	}
}

func TestClocksThatAreNotUsedMakeRoomWhenThereAreTooMany(t *testing.T) {
	c := census{New(NewPulse(), nil)}
	c.use(0, 0, maxClocks)
	if got := c.known(30*time.Second, 0, maxClocks); got != maxClocks {
		t.Errorf("%d of %d clocks are known before anybody wanted room", got, maxClocks)
	}
	c.use(31*time.Second, maxClocks, maxClocks+1)
	if got := c.known(31*time.Second, maxClocks, maxClocks+1); got != 1 {
		t.Error("a clock found no room though others weren't used lately")
	}
	c.use(32*time.Second, 0, maxClocks)
	if got := c.known(33*time.Second, 0, maxClocks); got < maxClocks-20 {
		t.Errorf("one clock too many took the room of %d, want few", maxClocks-got)
	}
	if got := len(c.recent) + len(c.former); got != maxClocks {
		t.Errorf("%d clocks are known, want %d", got, maxClocks)
	}
}

// When a NATS server starts again, all callers connect again and have new clocks, more than once where
// servers of a cluster start again in turn.
func TestClocksThatAreRenewedAllAtOnceHaveRoom(t *testing.T) {
	const callers = 6_000
	c := census{New(NewPulse(), nil)}
	at := time.Minute
	for renewed := range uint64(10) {
		first, behind := renewed*callers, (renewed+1)*callers
		at += 15 * time.Second
		for range 3 {
			at += time.Millisecond
			c.use(at, first, behind)
		}
		if got := c.known(at+5*time.Second, first, behind); got < callers*99/100 {
			t.Errorf("renewed %d times, of %d callers' messages that waited %d are seen to have, want nearly all", renewed, callers, got)
		}
	}
}

// Whoever makes clocks up takes the room of those that are seldom used.
func TestClocksThatAreMadeUpTakeNoRoomOfThoseThatAreUsed(t *testing.T) {
	c := census{New(NewPulse(), nil)}
	madeUp := uint64(1 << 32)
	for second := range 120 {
		at := time.Duration(second) * time.Second
		c.use(at, 0, 100)
		for tenth := range time.Duration(10) {
			c.use(at+tenth*time.Second/10, madeUp, madeUp+500)
			madeUp += 500
		}
		if got := c.known(at+time.Second, 0, 100); got != 100 {
			t.Fatalf("after %v %d of 100 clocks that are used are known", at, got)
		}
	}
}

// Of more clocks than there is room for most are known when they are used again, and not all forgotten
// in turn.
func TestOfTooManyClocksThatAreUsedMostAreKnown(t *testing.T) {
	const callers, groups, seconds = 12_000, 5, 120
	c := census{New(NewPulse(), nil)}
	known, used := 0, 0
	for second := range uint64(seconds) {
		first, behind := second%groups*callers/groups, (second%groups+1)*callers/groups // each every 5 s
		if second >= seconds/2 {
			for clock := first; clock < behind; clock++ {
				if _, ok := c.Clocks.known(clock); ok {
					known++
				}
				used++
			}
		}
		c.use(time.Duration(second)*time.Second, first, behind)
	}
	if known < used/2 {
		t.Errorf("of %d messages %d were of clocks that are known, want most", used, known)
	}
}

// A server that connects to another NATS server knows no less of clocks than before: by a way that
// takes longer calls have as much less time as their callers see pass, and what another NATS server
// held meanwhile has waited, the first message of it as much as the next.
func TestALongerWayIsTimeThatPassesAndWhatANATSServerHeldHasWaited(t *testing.T) {
	s := newFarSender(t, New(NewPulse(), nil), 1, 1)
	s.wait(0, time.Millisecond)
	for i, step := range []struct{ begun, under, want time.Duration }{
		{1 * time.Second, 5 * time.Second, 5*time.Second - time.Millisecond}, // the first ones that it held
		{1*time.Second + 10*time.Millisecond, 5 * time.Second, 5*time.Second - time.Millisecond},
		{7 * time.Second, 41 * time.Millisecond, 40 * time.Millisecond}, // by the longer way
		{8 * time.Second, 241 * time.Millisecond, 240 * time.Millisecond},
		{9 * time.Second, 500 * time.Microsecond, 0}, // by a shorter one
		{10 * time.Second, time.Millisecond, 500 * time.Microsecond},
	} {
		// The least has risen by 200 ppm since it was seen.
		if got, most := s.wait(step.begun, step.under), 3*time.Millisecond; step.want-got > most || got > step.want {
			t.Errorf("message %d: waited %v, want %v", i, got, step.want)
		}
	}
}

func TestWhatIsKnownOfAClockByTheBusCountsOnANewDirectLink(t *testing.T) {
	bus := New(NewPulse(), nil)
	known := newFarSender(t, bus, 1, 1)
	known.wait(0, 2*time.Millisecond)
	byLink := func() *farSender {
		link := New(bus.pulse, bus)
		return &farSender{Clocks: link, t: t, number: known.number, origin: known.origin, drift: 1}
	}
	const tolerance = 3 * time.Millisecond
	for _, under := range []time.Duration{time.Millisecond, 2 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second} {
		// However long the way is, no call loses more time than it was under way.
		if got := byLink().wait(time.Second, under); got > under || got < under-2*time.Millisecond-tolerance {
			t.Errorf("the first message on a link, %v under way: waited %v", under, got)
		}
	}
	s := byLink()
	s.wait(time.Second, 500*time.Microsecond) // the link is quicker
	if got, want := s.wait(2*time.Second, time.Second), time.Second-500*time.Microsecond; got > want || got < want-tolerance {
		t.Errorf("a message on a link that is quicker than the bus: waited %v, want %v", got, want)
	}
	if got := known.wait(3*time.Second, 2*time.Millisecond); got > 10*time.Microsecond {
		t.Errorf("what was learnt by a link has a message by the bus seem to have waited %v", got)
	}
	stranger := byLink()
	stranger.number++
	if got := stranger.wait(time.Second, time.Second); got != 0 {
		t.Errorf("the first message of a clock that nobody knows: waited %v, want 0", got)
	}
}

func TestAStandstillIsNoMatterOfALinkThatOpensAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPulse()
		p.Beat(time.Now())
		for range 2 {
			time.Sleep(10 * LongestPause)
			p.Beat(time.Now())
		}
		c := New(p, nil)
		if waited, sure := c.Waited(1, 0, time.Now()); waited != 0 || !sure {
			t.Errorf("the first message waited %v, %v; want that it is sure not to have", waited, sure)
		}
		time.Sleep(10 * LongestPause)
		if _, sure := c.Waited(2, 0, time.Now()); sure {
			t.Error("what comes after a standstill of its own is sure not to have waited")
		}
	})
}

func FuzzReadings(f *testing.F) {
	f.Add(uint64(0), uint64(1<<64-1), uint64(1<<63), int64(time.Second), int64(time.Hour))
	f.Add(uint64(1<<63), uint64(1<<63-1), uint64(5), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, a, b, c uint64, first, second int64) {
		clocks := New(NewPulse(), nil)
		at := time.Duration(0)
		for i, reading := range []uint64{a, b, c, b, a} {
			waited, sure := clocks.Waited(a, reading, clocks.pulse.born.Add(at))
			if waited < 0 || waited > wire.MaxTime || !sure || i == 0 && waited != 0 {
				t.Errorf("reading %d, number %d: waited %v, sure %v", reading, i, waited, sure)
			}
			at += time.Duration(max(0, min(first, second)))
			first, second = second, first
		}
	})
}

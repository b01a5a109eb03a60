package link

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// mute is a registry of one instance, which never speaks.
type mute struct{ told []bool }

func (*mute) Peers(string, string) []Peer            { return []Peer{{Name: "i1", Abilities: wire.Heartbeats}} }
func (m *mute) Silent(_, _ string, silent bool)      { m.told = append(m.told, silent) }
func (*mute) ask(i *Instance, _ string) *ask         { return &ask{of: i} }
func (*mute) echo(ctx context.Context) (err error)   { return nil }
func (*mute) frozen(ctx context.Context) (err error) { <-ctx.Done(); return ctx.Err() }

// watched returns a vigil over one call, which has left.
func watched(m *mute, echo func(context.Context) error) (*vigil, *outcome) {
	table, all, by := new(inFlight), new(instances), new(carrier)
	all.beat.Store(1)
	v := &vigil{
		links: func(bool) {},
		pulse: newPulse(echo), asks: new(asks), by: by, inFlight: table, instances: all, met: new(met), registry: m, counters: new(Counters),
		beat: &all.beat, doubts: make(map[*Instance]*doubt), ask: m.ask,
		methodAt: func(*Instance, *Method) string { return "" }, serviceAt: func(*Instance) string { return "" },
		hasLeft: func(*Call) bool { return true }, connected: func() bool { return true },
	}
	v.strays.ask, v.strays.drop = v.askForStray, func(*ask) {}
	v.pace.going.Store(true) // the test takes the steps
	_, o := waiting(table, by, 1, 1)
	return v, o
}

// stepsUntil takes steps until the call fails, and returns how many; 0: it doesn't.
func stepsUntil(v *vigil, o *outcome, late func(step int) bool) int {
	for n := 1; n <= 20; n++ {
		v.step(late(n))
		synctest.Wait()
		if o.err() != nil {
			return n
		}
	}
	return 0
}

func TestIntervalsThatWentByWhileTheProgramStoodStillAreNoSilence(t *testing.T) {
	for _, test := range []struct{ late, want int }{{0, 5}, {3, 7}, {4, 8}, {5, 9}} {
		synctest.Test(t, func(t *testing.T) {
			m := new(mute)
			v, o := watched(m, m.echo)
			if got := stepsUntil(v, o, func(step int) bool { return step == test.late }); got != test.want || !errors.Is(o.err(), helium.ErrSilent) {
				t.Errorf("with step %d late the call failed at step %d with %v, want ErrSilent at %d", test.late, got, o.err(), test.want)
			}
			if len(m.told) != 1 || !m.told[0] {
				t.Errorf("the registry was told %v, want once that it is silent", m.told)
			}
			v.pulse.stop()
		})
	}
}

func TestWhileTheConnectionItselfStandsStillNobodyIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mute)
		v, o := watched(m, m.frozen)
		if got := stepsUntil(v, o, func(int) bool { return false }); got != 0 {
			t.Errorf("the call failed at step %d with %v, though no echo came", got, o.err())
		}
		v.pulse.stop()
	})
}

func TestAConnectionThatIsAnotherOneBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mute)
		v, o := watched(m, m.echo)
		for range 4 {
			v.step(false)
			synctest.Wait()
		}
		v.restart()
		if got := stepsUntil(v, o, func(int) bool { return false }); got != 5 {
			t.Errorf("the call failed at step %d after it, want 5", got)
		}
		v.pulse.stop()
	})
}

func TestOfTheQuestionsToOneThatStaysSilentTwoAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mute)
		v, _ := watched(m, m.echo)
		v.ask = func(i *Instance, _ string) *ask {
			one, _ := v.asks.add(i, "")
			return one
		}
		for range 1000 {
			v.step(false)
			synctest.Wait()
		}
		if got := len(v.asks.waiting); got != 2 || len(m.told) != 1 {
			t.Errorf("%d questions wait, and the registry was told %v; want 2, once that it is silent", got, m.told)
		}
		v.pulse.stop()
	})
}

// mutes is a registry of instances that were asked, some of which answer.
type mutes struct {
	mute
	answers bool
	beat    func() uint64
	asked   int
}

func (m *mutes) ask(i *Instance, _ string) *ask {
	m.asked++
	if m.answers {
		i.says(wire.Heartbeats)
		i.hear(m.beat())
	}
	return &ask{of: i}
}

func TestAnInstanceThatSaysNothingIsSilentThoughNoCallLastsAsLong(t *testing.T) {
	for _, test := range []struct {
		ends    int // the call, before which step
		answers bool
		told    int // after which step
	}{{1, false, 5}, {2, false, 5}, {3, false, 5}, {1, true, 0}, {3, true, 0}} {
		synctest.Test(t, func(t *testing.T) {
			m := &mutes{answers: test.answers}
			v, o := watched(&m.mute, m.echo)
			v.ask, m.beat = m.ask, v.beat.Load
			defer v.stop()
			told := 0
			more := true
			for step := 1; step <= 20 && more; step++ {
				if step == test.ends {
					v.inFlight.expire(time.Now().Add(24*time.Hour), v.noteOverdue)
				}
				more = v.step(false)
				synctest.Wait()
				if told == 0 && len(m.mute.told) > 0 {
					told = step
				}
			}
			if !errors.Is(o.err(), helium.ErrDeadline) {
				t.Errorf("the call ended with %v, want its deadline", o.err())
			}
			if told != test.told || m.asked == 0 {
				t.Errorf("a call that ended before step %d, of an instance that answers: %v: the registry was told after step %d that it is silent, want %d (0: never); it was asked %d times",
					test.ends, test.answers, told, test.told, m.asked)
			}
			if more != !test.answers {
				t.Errorf("more is to be done: %v, want %v: only a silent instance is watched", more, !test.answers)
			}
		})
	}
}

func TestAnInstanceThatAnswersWheneverItIsAskedIsNeverSilentThoughAllItsCallsAreOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mutes{answers: true}
		v, _ := watched(&m.mute, m.echo)
		v.ask, m.beat = m.ask, v.beat.Load
		defer v.stop()
		for seq := range uint64(50) {
			c, _ := waiting(v.inFlight, v.by, seq+2, 1)
			if seq%7 == 0 {
				v.overdue.note(c, v.beat.Load()+1) // while the step is taken
			} else {
				v.inFlight.expire(time.Now().Add(24*time.Hour), v.noteOverdue)
			}
			v.step(false)
			synctest.Wait()
		}
		if len(m.told) > 0 {
			t.Errorf("the registry was told %v, want nothing", m.told)
		}
		if m.asked < 20 {
			t.Errorf("it was asked %d times in 50 intervals, want every now and then", m.asked)
		}
	})
}

func TestCallsKeepAwayAtOnceFromAnInstanceThatAnotherLinkFoundSilentUntilItAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		heard   uint64 // in which beat it was last, before the seventh
		answers bool
		nobody  bool // listens there
		want    []bool
	}{
		"that stays silent":                   {heard: 1, want: []bool{true}},
		"that answers":                        {heard: 1, answers: true, want: []bool{true, false}},
		"that was heard by the bus meanwhile": {heard: 6},
		"that isn't there":                    {heard: 1, nobody: true},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := &mutes{answers: test.answers}
			v, _ := watched(&m.mute, m.echo)
			defer v.stop()
			m.beat = v.beat.Load
			v.ask = func(i *Instance, where string) *ask {
				one := m.ask(i, where)
				if test.nobody {
					one.is.Store(askNobody)
				}
				return one
			}
			v.beat.Store(test.heard)
			i := v.instances.heard("math", []byte("i1"), wire.Heartbeats)
			i.hear(test.heard)
			v.beat.Store(6)
			v.links = func(bool) { v.hush(i) }
			v.step(false)
			v.links = func(bool) {}
			v.step(false)
			m.answers = false
			v.step(false)
			if !slices.Equal(m.told, test.want) {
				t.Errorf("one %s: the registry was told %v, want %v: whether it is silent", name, m.told, test.want)
			}
		})
	}
}

func TestWhatWasAskedByAConnectionThatIsGoneIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mutes)
		v, _ := watched(&m.mute, m.echo)
		v.ask, m.beat = m.ask, v.beat.Load
		defer v.stop()
		for range 3 {
			v.step(false)
			synctest.Wait()
		}
		asked := m.asked
		v.restart()
		for range 4 {
			v.step(false)
			synctest.Wait()
		}
		if m.asked != asked+1 {
			t.Errorf("it was asked %d times by the next connection, want once", m.asked-asked)
		}
	})
}

func TestAPaceIsKeptOnlyWhileThereIsSomethingToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var steps, left int
		p := &pace{interval: time.Second}
		p.step = func(late bool) bool {
			if late {
				t.Error("a step came late")
			}
			steps++
			left--
			return left > 0
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if steps != 0 {
			t.Errorf("%d steps before it was woken, want none", steps)
		}
		for range 2 {
			steps, left = 0, 3
			p.wake()
			p.wake()
			time.Sleep(time.Hour)
			synctest.Wait()
			if steps != 3 {
				t.Errorf("%d steps, want one for each thing to do, 3", steps)
			}
		}
		p.wake()
		p.stop()
		time.Sleep(time.Hour)
		synctest.Wait()
		if steps != 3 {
			t.Errorf("%d steps after it was stopped, want none", steps-3)
		}
	})
}

func TestACallThatHeartbeatsNamedEndsWhereTheyCameInPlaceOfTheAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		named     bool
		abilities wire.Abilities
		want      int
	}{
		"named, by one that answers once from then on": {true, wire.AnswersOnce, silentAfter},
		"never named": {false, wire.AnswersOnce, 0},
		"by one that doesn't say that it answers once": {true, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(mute)
				v, o := watched(m, m.echo)
				defer v.pulse.stop()
				v.step(false)
				v.inFlight.show(1, func(c *Call) {
					c.Instance = v.instances.heard("math", []byte("i1"), test.abilities)
					c.Instance.hear(v.beat.Load())
					if test.named {
						c.named = v.beat.Load()
					}
				})
				got := stepsUntil(v, o, func(int) bool { return false })
				if got != test.want || (got > 0) != errors.Is(o.err(), helium.ErrSilent) {
					t.Errorf("the call failed %d steps later with %v, want %d, and ErrSilent if it does", got, o.err(), test.want)
				}
			})
		})
	}
}

// Who may not publish to the subjects of single instances can't ask them, and hears heartbeats all the same.
func TestACallWhoseInstanceMayNotBeAskedFailsWithTheNameThatAHeartbeatGave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mute)
		v, o := watched(m, m.echo)
		defer v.pulse.stop()
		v.ask = func(i *Instance, where string) *ask {
			one := m.ask(i, where)
			one.is.Store(askRefused)
			return one
		}
		v.step(false)
		v.inFlight.show(1, func(c *Call) {
			c.Instance = v.instances.heard("", []byte("i1"), wire.Heartbeats)
			c.Instance.hear(v.beat.Load())
			c.named = v.beat.Load()
		})
		got := stepsUntil(v, o, func(int) bool { return false })
		if e := helium.AsError(o.err()); got != silentAfter || !errors.Is(e, helium.ErrSilent) || e.Instance != "i1" {
			t.Errorf("the call failed %d steps later with %v of instance %q, want ErrSilent of i1 after %d", got, e, e.Instance, silentAfter)
		}
		if len(m.told) > 0 {
			t.Errorf("the registry was told %v, want nothing: calls can't be sent around an instance where none may be addressed", m.told)
		}
	})
}

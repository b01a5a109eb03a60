package link

import (
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// asked is a registry of one instance, which says nothing unless it is asked.
type asked struct {
	mute
	becomes func(of *Instance, one *ask) // of each question
	times   int
}

func (*asked) Peers(string, string) []Peer {
	return []Peer{{Name: "i1", Abilities: wire.AnswersOnce}}
}

func (a *asked) ask(i *Instance, _ string) *ask {
	a.times++
	one := &ask{of: i}
	a.becomes(i, one)
	return one
}

func TestCallsKeepAwayFromAnInstanceThatSpeaksWhenAskedAloneOnceItDoesNotAnswer(t *testing.T) {
	silent := func(*Instance, *ask) {}
	refused := func(_ *Instance, one *ask) { one.is.Store(askRefused) }
	nobody := func(_ *Instance, one *ask) { one.is.Store(askNobody) }
	for name, test := range map[string]struct {
		addressed bool // the call went to the instance's own subject
		answered  bool // it has answered a question before
		vain      bool // it was asked in vain before
		becomes   func(*Instance, *ask)
		told      bool
		times     int // it is asked at most, in twenty steps
	}{
		"it was called by its name":                           {addressed: true, becomes: silent, told: true, times: 10},
		"it was called by its name, and asked in vain before": {addressed: true, vain: true, becomes: silent, told: true, times: 10},
		"it has answered before":                              {answered: true, becomes: silent, told: true, times: 10},
		"nobody knows whether the question gets there":        {becomes: silent, times: 1},
		"the question isn't permitted":                        {addressed: true, becomes: refused, times: 1},
		"it has left":                                         {answered: true, becomes: nobody, times: 1},
		"nobody listens where it was never found to do so":    {becomes: nobody, times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &asked{becomes: test.becomes}
				v, o := watched(&a.mute, a.echo)
				defer v.stop()
				v.registry, v.ask = a, a.ask
				i := v.instances.named("", "i1")
				if test.vain {
					i.vain = 1
				}
				if test.answered {
					i.hear(1)
					i.answers.Store(true)
				}
				if test.addressed {
					v.inFlight.show(1, func(c *Call) { c.To.Endpoint.Instance = "i1" })
				}
				if got := stepsUntil(v, o, func(int) bool { return false }); got != 0 {
					t.Errorf("the call failed in step %d with %v, and may still be answered, as by one that drains", got, o.err())
				}
				if told := len(a.told) > 0; told != test.told {
					t.Errorf("the registry was told that it is silent: %v, want %v", told, test.told)
				}
				if a.times > test.times {
					t.Errorf("it was asked %d times, want %d", a.times, test.times)
				}
			})
		})
	}
}

func TestAnInstanceThatAnswersWhenAskedHasItsCallsHoweverLongTheyTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := new(asked)
		v, o := watched(&a.mute, a.echo)
		defer v.stop()
		a.becomes = func(i *Instance, _ *ask) {
			i.says(wire.AnswersOnce)
			i.hear(v.beat.Load())
			i.answers.Store(true)
		}
		v.registry, v.ask = a, a.ask
		for range 1000 {
			v.step(false)
			synctest.Wait()
		}
		if o.err() != nil || len(a.told) > 0 {
			t.Errorf("the call ended with %v and the registry was told %v, want neither", o.err(), a.told)
		}
		if a.times < 100 {
			t.Errorf("it was asked %d times in 1,000 intervals, want now and then", a.times)
		}
	})
}

func TestAnInstanceIsSparedQuestionsForAMinuteThatNATSRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := new(asked)
		v, _ := watched(&a.mute, a.echo)
		defer v.stop()
		a.becomes = func(_ *Instance, one *ask) { one.is.Store(askRefused) }
		v.registry, v.ask = a, a.ask
		i := v.instances.named("", "i1")
		for step := range 10 * spareFor {
			if step%7 == 0 {
				i.says(wire.AnswersOnce)
				i.hear(v.beat.Load()) // it answers other calls
			}
			v.step(false)
			synctest.Wait()
		}
		if a.times < 2 || a.times > 11 {
			t.Errorf("it was asked %d times within ten minutes, want once a minute", a.times)
		}
	})
}

func TestAnInstanceThatStaysSilentIsForgottenAfterTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mute)
		v, _ := watched(m, m.echo)
		defer v.stop()
		steps := 0
		for more := true; more && steps < 2*giveUpAfter; steps++ {
			more = v.step(false)
			synctest.Wait()
		}
		if len(m.told) != 2 || m.told[1] || steps < giveUpAfter || len(v.doubts) > 0 {
			t.Errorf("after %d steps the registry was told %v, want that it is silent and then no more, after %d or more", steps, m.told, giveUpAfter)
		}
	})
}

func TestWhoAnswersACallAndSpeaksWhenAskedAloneIsAskedOnceSoThatItsSilenceTellsLater(t *testing.T) {
	for name, test := range map[string]struct {
		answers bool
		want    []bool // what the registry is told, whether it is silent
	}{
		"its subjects lead there": {true, []bool{true}},
		"nothing comes of it":     {false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := new(asked)
				v, _ := watched(&a.mute, a.echo)
				defer v.stop()
				v.registry, v.ask = a, a.ask
				v.inFlight.expire(time.Now().Add(24*time.Hour), func(*Call) {})
				i := v.instances.named("", "i1")
				a.becomes = func(i *Instance, _ *ask) {
					if test.answers {
						i.hear(v.beat.Load())
						i.answers.Store(true)
					}
				}
				i.hear(v.beat.Load())
				v.met.note(i, &Method{Endpoint: new(Endpoint)})
				for range 10 {
					v.step(false)
					synctest.Wait()
				}
				if a.times != 1 || len(a.told) > 0 || len(v.doubts) > 0 {
					t.Fatalf("it was asked %d times, the registry was told %v, and %d are in doubt; want once, nothing and none", a.times, a.told, len(v.doubts))
				}
				a.becomes = func(*Instance, *ask) {}
				for range 10 { // calls of little time
					c, _ := waiting(v.inFlight, v.by, 2, 1)
					v.step(false)
					synctest.Wait()
					v.inFlight.expire(time.Now().Add(24*time.Hour), v.noteOverdue)
					c.since = 0
				}
				if !slices.Equal(a.told, test.want) {
					t.Errorf("when its calls run out of time the registry was told %v, want %v", a.told, test.want)
				}
			})
		})
	}
}

func TestOfManyInstancesThatAreMetAtOnceEachIsAskedInItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &asked{becomes: func(i *Instance, _ *ask) { i.answers.Store(true) }}
		v, _ := watched(&a.mute, a.echo)
		defer v.stop()
		v.registry, v.ask = a, a.ask
		v.inFlight.expire(time.Now().Add(24*time.Hour), func(*Call) {})
		const many = 3*maxAsks - 1
		for n := range many {
			v.met.note(v.instances.heard("", []byte("i"+strconv.Itoa(n)), wire.AnswersOnce), &Method{Endpoint: new(Endpoint)})
		}
		for _, want := range []int{maxAsks, 2 * maxAsks, many, many} {
			v.step(false)
			if a.times != want {
				t.Errorf("%d are asked so far, want %d", a.times, want)
			}
		}
	})
}

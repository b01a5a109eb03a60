package directory

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/binder"
)

func TestFindingsAreKeptUntilTheRegistryHasCaughtUp(t *testing.T) {
	without := func(instance string) binder.Record {
		return binder.Record{Service: "math", Instance: instance, Methods: []binder.Method{{Name: "sub", Signature: "sub(float64, float64) float64"}}}
	}
	for name, c := range map[string]struct {
		what     Discovery
		instance string
		method   string
		settles  func(d *Directory)
	}{
		"an instance lacks a method, and the registry says so":  {LacksMethod, "x", "add", func(d *Directory) { happens(d, binder.Registered, 2, without("x")) }},
		"an instance lacks a method, and has gone":              {LacksMethod, "x", "add", func(d *Directory) { happens(d, binder.Expired, 2, record1("x")) }},
		"a stranger refuses arguments, and becomes known":       {RefusesArgs, "x", "add", func(d *Directory) { happens(d, binder.Registered, 2, record1("x")) }},
		"nobody is there, and it registers again":               {IsAbsent, "a", "", func(d *Directory) { happens(d, binder.Registered, 2, record1("a")) }},
		"nobody is there, and the registry says so":             {IsAbsent, "a", "", func(d *Directory) { happens(d, binder.Ended, 2, record1("a")) }},
		"nobody takes messages of several methods for a while":  {NobodyForMany, "", "", nil},
		"a stranger refuses arguments, and is never heard of":   {RefusesArgs, "x", "add", nil},
		"the registry insists on a method, for as long as that": {LacksMethod, "a", "add", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, s := knows(t, "a", "b")
				time.Sleep(time.Minute) // a lookup was long ago
				s.Found(c.what, c.instance, c.method)
				s.Found(c.what, c.instance, c.method)
				kept := func(want int) {
					t.Helper()
					if got := len(s.current.Load().findings); got != want {
						t.Errorf("%d findings are kept, want %d: %v", got, want, s.findings)
					}
				}
				kept(1)
				s.replace(answer(1, "a", "b"), time.Now()) // the registry isn't there yet
				kept(1)
				time.Sleep(time.Millisecond)
				if c.settles != nil {
					c.settles(d)
					kept(0)
					return
				}
				if due, most := time.Duration(s.refresh.due.Load()), time.Since(d.born)+findingsFor; due > most {
					t.Errorf("the service is looked up again at %v, want %v at the latest, so that calls share messages again", due, most)
				}
				time.Sleep(findingsFor)
				s.dropOldFindings()
				kept(0)
			})
		})
	}
}

func TestFindingsAndMethodsThatLeftAreBounded(t *testing.T) {
	d, s := knows(t, "a")
	for i := range 2 * maxFindings {
		s.Found(LacksMethod, fmt.Sprint("i", i), "add")
	}
	if n := len(s.findings); n > maxFindings {
		t.Errorf("%d findings are kept, want at most %d", n, maxFindings)
	}
	s.Found(RunsTwice, "", "")
	if !s.current.Load().RunsTwice() {
		t.Error("that calls run twice has no room among what is found out about instances")
	}
	for i := range 2 * maxFindings {
		r := record1("b")
		r.Methods[0].Name = fmt.Sprint("m", i)
		happens(d, binder.Changed, uint64(i+2), r)
	}
	if n := len(s.former.methods); n > maxFindings {
		t.Errorf("%d methods that left are kept, want at most %d", n, maxFindings)
	}
}

func TestThatCallsRunTwiceIsKeptForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := knows(t, "a", "b")
		s.Found(RunsTwice, "", "")
		due := s.refresh.due.Load()
		for range 3 {
			time.Sleep(findingsFor)
			s.dropOldFindings()
			happens(d, binder.Expired, 2, record1("b"))
			s.replace(answer(3, "a", "c"), time.Now())
		}
		if !s.current.Load().RunsTwice() {
			t.Error("it is forgotten, though nothing but the set-up of NATS changes it")
		}
		if got := s.refresh.due.Load(); got < due {
			t.Errorf("the service is looked up again at %d for it, want as without, at %d: the registry has no part in it", got, due)
		}
	})
}

func TestAServiceIsLookedUpAgainWhenAnInstanceFallsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := knows(t, "a")
		s.refresh.at(time.Now().Add(refreshEvery))
		time.Sleep(2 * refreshPause)
		s.FellSilent("a", true)
		if !s.refresh.isDue(time.Now()) {
			t.Error("the service isn't looked up again, and others may run of which no event told")
		}
	})
}

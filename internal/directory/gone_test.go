package directory

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/binder"
)

// comeAndGo has so many instances of a service appear and leave.
func comeAndGo(d *Directory, from, n int) {
	for i := from; i < from+n; i++ {
		r := record1(fmt.Sprint("i", i))
		happens(d, binder.Registered, uint64(2*i+2), r)
		happens(d, binder.Ended, uint64(2*i+3), r)
	}
}

func TestWhoLeftIsNotRememberedForEver(t *testing.T) {
	for what, next := range map[string]func(*Directory, *Service){
		"after an answer":         func(_ *Directory, s *Service) { s.replace(answer(1000, "a"), time.Now()) },
		"after the next one left": func(d *Directory, s *Service) { comeAndGo(d, 100, 1); delete(s.gone.last, "i100") },
	} {
		synctest.Test(t, func(t *testing.T) {
			d, s := knows(t, "a")
			comeAndGo(d, 0, 100)
			if got := len(s.gone.last); got != 100 {
				t.Errorf("%d instances that just left are remembered, want 100", got)
			}
			time.Sleep(2 * binderLag)
			next(d, s)
			if got := len(s.gone.last); got != 0 {
				t.Errorf("%s %d instances that left are remembered, want none", what, got)
			}
		})
	}
}

func TestHoweverManyLeaveAtOnceSomeAreRemembered(t *testing.T) {
	g, now := newGone(), time.Now()
	for i := range 3 * maxGone {
		g.add(fmt.Sprint(i), observed{at: now.Add(time.Duration(i))})
		if len(g.last) > maxGone {
			t.Fatalf("%d instances are remembered, want %d at most", len(g.last), maxGone)
		}
	}
	for i := range maxGone / 2 {
		if _, known := g.last[fmt.Sprint(3*maxGone-1-i)]; !known {
			t.Fatalf("the instance that left %d before the last is forgotten, want the latest half", i)
		}
	}
}

func TestALookupUnderWayFindsWhoLeftSinceItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := knows(t, "a", "b")
		began := time.Now()
		s.lookups["add"] = newLookup()
		happens(d, binder.Ended, 5, record1("b"))
		time.Sleep(2 * binderLag)
		comeAndGo(d, 10, 1)
		s.add(answer(4, "a", "b"), began)
		wantInstances(t, s, "a")
	})
}

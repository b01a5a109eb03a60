package directory

import (
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
)

// knows is a directory that has learnt of some instances of a service.
func knows(t *testing.T, instances ...string) (*Directory, *Service) {
	t.Helper()
	d := New(Config{})
	s := d.Service("math", true)
	s.replace(answer(1, instances...), time.Now())
	return d, s
}

func answer(revision uint64, instances ...string) *binder.Entry {
	e := &binder.Entry{Service: "math", Revision: revision}
	for _, i := range instances {
		e.Records = append(e.Records, record1(i))
	}
	return e
}

func record1(instance string) binder.Record {
	return binder.Record{Service: "math", Instance: instance, Methods: []binder.Method{{Name: "add", Signature: "add(float64, float64) float64"}}}
}

func happens(d *Directory, kind binder.EventKind, revision uint64, r binder.Record) {
	d.observe(binder.Event{Kind: kind, Revision: revision, Record: r})
}

func wantInstances(t *testing.T, s *Service, want ...string) {
	t.Helper()
	if got := s.current.Load().Instances; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the known instances are %v, want %v", got, want)
	}
}

func TestAnAnswerReplacesWhatIsKnown(t *testing.T) {
	_, s := knows(t, "a", "b")
	wantInstances(t, s, "a", "b")
	s.replace(answer(2, "b", "c"), time.Now())
	wantInstances(t, s, "b", "c")
}

func TestAnEventDuringALookupStandsAgainstItsAnswer(t *testing.T) {
	d, s := knows(t, "a", "b")
	began := time.Now()
	happens(d, binder.Ended, 2, record1("a"))
	happens(d, binder.Registered, 3, record1("c"))
	wantInstances(t, s, "b", "c")
	s.replace(answer(1, "a", "b"), began) // by a binder that didn't know yet
	wantInstances(t, s, "b", "c")
}

func TestAnEventStandsAgainstABinderThatIsBehindButNotForEver(t *testing.T) {
	d, s := knows(t, "a", "b")
	happens(d, binder.Registered, 9, record1("c"))
	s.replace(answer(8, "a"), time.Now())
	wantInstances(t, s, "a", "c")

	// The store may have been wiped, and its numbers begin anew.
	s.records["c"].told.at = time.Now().Add(-2 * binderLag)
	s.replace(answer(2, "a"), time.Now())
	wantInstances(t, s, "a")
}

func TestTheLastInstanceStays(t *testing.T) {
	d, s := knows(t, "a")
	happens(d, binder.Expired, 2, record1("a"))
	wantInstances(t, s, "a")
	happens(d, binder.Registered, 3, record1("b"))
	happens(d, binder.Expired, 4, record1("a"))
	wantInstances(t, s, "b")
}

func TestAnAnswerThatHadNoRoomForAllTakesNoneAway(t *testing.T) {
	_, s := knows(t, "a", "b")
	e := answer(2, "c")
	e.Omitted = 2
	s.replace(e, time.Now())
	wantInstances(t, s, "a", "b", "c")
}

func TestInstancesWithTheSameMethodsShareOneVersion(t *testing.T) {
	d, s := knows(t, "a", "b", "c")
	other := record1("d")
	other.Methods[0].Signature = "add(float64) float64"
	happens(d, binder.Registered, 2, other)
	if got := len(s.current.Load().Versions); got != 2 {
		t.Errorf("4 instances have %d versions, want 2", got)
	}
}

func TestWhoLeftIsNotRememberedForEver(t *testing.T) {
	d, s := knows(t, "a")
	for i := range 100 {
		name := fmt.Sprint("i", i)
		happens(d, binder.Registered, uint64(2*i+2), record1(name))
		happens(d, binder.Ended, uint64(2*i+3), record1(name))
	}
	for name, left := range s.gone {
		left.at = left.at.Add(-2 * binderLag)
		s.gone[name] = left
	}
	s.replace(answer(1000, "a"), time.Now())
	if len(s.gone) != 0 {
		t.Errorf("%d instances that left are remembered, want none", len(s.gone))
	}
}

func TestWhatIsKeptForAServiceGoesWheneverThatIsForgotten(t *testing.T) {
	forgotten := 0
	d := New(Config{Changed: func(service string, view *View) {
		if service == "ghost" && view == nil {
			forgotten++
		}
	}})
	s := d.Service("ghost", false)
	s.ForgetUnknown()
	s.ForgetUnknown() // by another call, for which something may have been kept since
	if forgotten != 2 || d.Known("ghost") != nil {
		t.Errorf("it was told %d times that the service is forgotten, want 2, and nothing known", forgotten)
	}
	pinned := d.Service("ghost", true)
	s.ForgetUnknown()
	pinned.ForgetUnknown()
	if forgotten != 2 || d.Known("ghost") != pinned {
		t.Errorf("it was told %d times, want still 2: somebody holds on to the service", forgotten)
	}
}

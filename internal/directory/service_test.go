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

func TestAnAnswerAboutAMethodUndoesNoEvent(t *testing.T) {
	d, s := knows(t, "a", "b")
	changed := record1("a")
	changed.Methods[0].Signature = "add(float64) float64"
	began := time.Now()
	happens(d, binder.Changed, 8, changed)
	happens(d, binder.Ended, 9, record1("b"))
	for what, one := range map[string]struct {
		revision uint64
		began    time.Time
	}{"began before": {10, began}, "is behind": {7, time.Now()}} {
		s.add(answer(one.revision, "a", "b", "c"), one.began)
		wantInstances(t, s, "a", "c")
		if got := s.Current().VersionOf("a").Method("add").Signature.String(); got != "add(float64) float64" {
			t.Errorf("an answer that %s: a has %s, want what the event told", what, got)
		}
		s.replace(answer(7, "a", "b"), time.Now()) // the events stand against this one as before
		wantInstances(t, s, "a")
	}
	s.add(answer(10, "a", "b"), time.Now().Add(time.Nanosecond))
	wantInstances(t, s, "a", "b")
	if got := s.Current().VersionOf("a").Method("add").Signature.String(); got != "add(float64, float64) float64" {
		t.Errorf("after an answer that is ahead a has %s, want what that says", got)
	}
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

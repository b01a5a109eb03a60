package rpcclient

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
		what     discovery
		instance string
		method   string
		settles  func(s *service)
	}{
		"an instance lacks a method, and the registry says so":  {lacksMethod, "x", "add", func(s *service) { s.core.happens(binder.Registered, 2, without("x")) }},
		"an instance lacks a method, and has gone":              {lacksMethod, "x", "add", func(s *service) { s.core.happens(binder.Expired, 2, record1("x")) }},
		"a stranger refuses arguments, and becomes known":       {refusesArgs, "x", "add", func(s *service) { s.core.happens(binder.Registered, 2, record1("x")) }},
		"nobody is there, and it registers again":               {isAbsent, "a", "", func(s *service) { s.core.happens(binder.Registered, 2, record1("a")) }},
		"nobody is there, and the registry says so":             {isAbsent, "a", "", func(s *service) { s.core.happens(binder.Ended, 2, record1("a")) }},
		"nobody takes messages of several methods for a while":  {nobodyForMany, "", "", nil},
		"a stranger refuses arguments, and is never heard of":   {refusesArgs, "x", "add", nil},
		"the registry insists on a method, for as long as that": {lacksMethod, "a", "add", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := knows(t, "a", "b")
				time.Sleep(time.Minute) // a lookup was long ago
				s.found(c.what, c.instance, c.method)
				s.found(c.what, c.instance, c.method)
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
					c.settles(s)
					kept(0)
					return
				}
				if due, most := time.Duration(s.refreshDue.Load()), time.Since(s.core.born)+findingsFor; due > most {
					t.Errorf("the service is looked up again at %v, want %v at the latest, so that calls share messages again", due, most)
				}
				time.Sleep(findingsFor)
				s.outlive()
				kept(0)
			})
		})
	}
}

func TestFindingsAndMethodsThatLeftAreBounded(t *testing.T) {
	s := knows(t, "a")
	for i := range 2 * maxFindings {
		s.found(lacksMethod, fmt.Sprint("i", i), "add")
	}
	if n := len(s.findings); n > maxFindings {
		t.Errorf("%d findings are kept, want at most %d", n, maxFindings)
	}
	for i := range 2 * maxFindings {
		r := record1("b")
		r.Methods[0].Name = fmt.Sprint("m", i)
		s.core.happens(binder.Changed, uint64(i+2), r)
	}
	if n := len(s.former.methods); n > maxFindings {
		t.Errorf("%d methods that left are kept, want at most %d", n, maxFindings)
	}
}

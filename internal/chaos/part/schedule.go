package part

import (
	"math/rand/v2"
	"time"
)

// schedule says when the calls of a load are meant to start, after its beginning. It is the same
// in each run.
type schedule struct {
	load   Load
	all    int64 // calls
	taken  int64
	at     time.Duration // of the next call
	random *rand.Rand    // nil: at even distances
}

func newSchedule(l Load) *schedule {
	s := &schedule{load: l, all: l.Calls()}
	if l.Random {
		s.random = rand.New(rand.NewPCG(uint64(l.Base), uint64(l.At)))
	}
	return s
}

// next returns when the next call is meant to start; more: there is one.
func (s *schedule) next() (at time.Duration, more bool) { return s.at, s.taken < s.all }

// take takes the next call, and returns how many there were before it.
func (s *schedule) take() (i int64) {
	i = s.taken
	s.taken++
	if s.random != nil {
		s.at += time.Duration(s.random.ExpFloat64() / s.load.Rate * float64(time.Second))
	} else {
		s.at = time.Duration(float64(s.taken) / s.load.Rate * float64(time.Second))
	}
	return i
}

package processors

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Split is the processors that this process may use, of which the last is apart from the others.
type Split struct{ last, others unix.CPUSet }

// New divides them. The error says why that can't be.
func New() (*Split, error) {
	var s Split
	if err := unix.SchedGetaffinity(0, &s.others); err != nil {
		return nil, fmt.Errorf("the processors aren't known: %w", err)
	}
	if s.others.Count() < 2 {
		return nil, errors.New("there is one processor only")
	}
	for cpu, left := 0, s.others.Count(); left > 0; cpu++ {
		if !s.others.IsSet(cpu) {
			continue
		}
		if left--; left == 0 {
			s.last.Set(cpu)
			s.others.Clear(cpu)
		}
	}
	return &s, nil
}

// EnterLast has the calling thread, and the processes that it starts, run on the last processor alone.
func (s *Split) EnterLast() error { return unix.SchedSetaffinity(0, &s.last) }

// EnterOthers has them run on the others.
func (s *Split) EnterOthers() error { return unix.SchedSetaffinity(0, &s.others) }

package pool

import "time"

// Task is a call that is to be run, as a pool sees it. C is what its caller takes for a call.
type Task[C any] struct {
	Call     *C
	Kind     *Kind     // whose lane it waits in; nil: that of tasks of no kind
	Begun    time.Time // from when on its time counts
	Deadline time.Time // when its time is over
	Size     int       // bytes that it holds while it waits

	turns uint64 // how many had had their turn when it came
}

// isOver reports whether its time has run out.
func (t *Task[C]) isOver(now time.Time) bool { return !now.Before(t.Deadline) }

// hasWaited reports whether it has waited for that part of its time.
func (t *Task[C]) hasWaited(share time.Duration, now time.Time) bool {
	return share*now.Sub(t.Begun) >= t.Deadline.Sub(t.Begun)
}

// Kind is a kind of tasks, such as the calls of one method, that have a lane of their own. Its zero
// value is one that no pool has seen.
type Kind struct {
	lane int // guarded by the pool's lock; 0: none yet
}

// Refused is a call that isn't run.
type Refused[C any] struct {
	Call *C
	Why  Reason
}

// Reason is why a call isn't run.
type Reason uint8

const (
	Over      Reason = iota // its time was over
	Crowded                 // there was no room for it when it came
	Displaced               // it waited, and gave way to a newer one for which there was no room
	Vain                    // it has waited in vain
	Hopeless                // its turn wouldn't have come in time
	Reasons                 // how many there are
)

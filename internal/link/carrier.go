package link

import (
	"sync/atomic"
	"time"
)

// carrier is a link as the calls that left by it know it. It adds up the work that the other
// end is expected to have with those that are still in flight.
type carrier struct{ work atomic.Int64 } // in nanoseconds

// load returns how long the other end is expected to be busy.
func (by *carrier) load() time.Duration { return time.Duration(by.work.Load()) }

func (by *carrier) add(work time.Duration) { by.work.Add(int64(work)) }

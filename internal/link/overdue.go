package link

import "sync"

// overdue are calls that left and took longer than they should have, since somebody last asked for
// them. A call whose time is shorter than silence is borne tells nothing for certain; but it gives
// a reason to ask the instances that it may be at, or calls with little time would go to a frozen
// one for ever.
type overdue struct {
	mu    sync.Mutex
	since map[whereabouts]uint64 // guarded by mu; as in longCall, of the first one
}

// whereabouts is where a call may be.
type whereabouts struct {
	to *Method
	at *Instance // nil: nobody knows
}

// note notes a call that was taken out of the table, in a beat.
func (o *overdue) note(c *Call, beat uint64) {
	since := c.since
	if since == 0 {
		since = beat // it was begun in this one
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since == nil {
		o.since = make(map[whereabouts]uint64)
	}
	at := whereabouts{c.target(), c.Instance}
	if first, known := o.since[at]; !known || since < first {
		o.since[at] = since
	}
}

// take returns them.
func (o *overdue) take() (since map[whereabouts]uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	since, o.since = o.since, nil
	return since
}

package rpcclient

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// unsettledFor is how long after its deadline a call is remembered: as long as an instance
	// keeps what the handler returned.
	unsettledFor = 2 * time.Minute
	// maxUnsettled bounds them. Of more the oldest are forgotten.
	maxUnsettled = 10_000
)

// unsettled remembers calls with idempotency keys that may have run, and of which nobody knows:
// at which instance that was. Calls of the same key go there and nowhere else.
type unsettled struct {
	count atomic.Int64 // so that others needn't lock

	mu    sync.Mutex
	byID  map[callID]unsettledCall // guarded by mu
	queue []callID                 // guarded by mu; in the order in which they came, also those that are settled
}

// callID is what makes two calls with an idempotency key the same one.
type callID struct{ service, method, key string }

type unsettledCall struct {
	instance string
	until    time.Time
}

// at returns the instance where a call may have run; "": none is known.
func (u *unsettled) at(id callID, now time.Time) string {
	if u.count.Load() == 0 {
		return ""
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if c, ok := u.byID[id]; ok && now.Before(c.until) {
		return c.instance
	}
	return ""
}

// add remembers a call.
func (u *unsettled) add(id callID, instance string, now, deadline time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for len(u.queue) > 0 {
		c, open := u.byID[u.queue[0]]
		if open && now.Before(c.until) && len(u.queue) < maxUnsettled {
			break
		}
		delete(u.byID, u.queue[0])
		u.queue = u.queue[1:]
	}
	if u.byID == nil {
		u.byID = make(map[callID]unsettledCall)
	}
	if _, again := u.byID[id]; !again {
		u.queue = append(u.queue, id)
	}
	u.byID[id] = unsettledCall{instance, deadline.Add(unsettledFor)}
	u.count.Store(int64(len(u.byID)))
}

// settle forgets a call whose outcome is known after all.
func (u *unsettled) settle(id callID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.byID, id)
	u.count.Store(int64(len(u.byID)))
}

package rpcclient

import (
	"container/list"
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
	byID  map[callID]*list.Element // guarded by mu
	calls list.List                // guarded by mu; of unsettledCall, the latest last
}

// callID is what makes two calls with an idempotency key the same one.
type callID struct{ service, method, key string }

type unsettledCall struct {
	id       callID
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
	if known := u.byID[id]; known != nil {
		if c := known.Value.(unsettledCall); now.Before(c.until) {
			return c.instance
		}
	}
	return ""
}

// add remembers a call.
func (u *unsettled) add(id callID, instance string, now, deadline time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.removeLocked(u.byID[id])
	for oldest := u.calls.Front(); oldest != nil; oldest = u.calls.Front() {
		if now.Before(oldest.Value.(unsettledCall).until) && u.calls.Len() < maxUnsettled {
			break
		}
		u.removeLocked(oldest)
	}
	if u.byID == nil {
		u.byID = make(map[callID]*list.Element)
	}
	u.byID[id] = u.calls.PushBack(unsettledCall{id, instance, deadline.Add(unsettledFor)})
	u.count.Store(int64(len(u.byID)))
}

// settle forgets a call whose outcome is known after all.
func (u *unsettled) settle(id callID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.removeLocked(u.byID[id])
	u.count.Store(int64(len(u.byID)))
}

// removeLocked removes a call; nil: none.
func (u *unsettled) removeLocked(known *list.Element) {
	if known != nil {
		delete(u.byID, u.calls.Remove(known).(unsettledCall).id)
	}
}

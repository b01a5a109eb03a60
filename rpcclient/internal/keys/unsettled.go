package keys

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

// Unsettled remembers calls with idempotency keys that may have run, and of which nobody knows:
// At which instance that was. Calls of the same key go there and nowhere else.
type Unsettled struct {
	count atomic.Int64 // so that others needn't lock

	mu    sync.Mutex
	byID  map[ID]*list.Element // guarded by mu
	calls list.List            // guarded by mu; of unsettledCall, the latest last
}

// ID is what makes two calls with an idempotency key the same one.
type ID struct{ Service, Method, Key string }

type unsettledCall struct {
	id       ID
	instance string
	until    time.Time
}

// At returns the instance where a call may have run; "": none is known.
func (u *Unsettled) At(id ID, now time.Time) string {
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

// Add remembers a call.
func (u *Unsettled) Add(id ID, instance string, now, deadline time.Time) {
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
		u.byID = make(map[ID]*list.Element)
	}
	u.byID[id] = u.calls.PushBack(unsettledCall{id, instance, deadline.Add(unsettledFor)})
	u.count.Store(int64(len(u.byID)))
}

// Settle forgets a call whose outcome is known after all.
func (u *Unsettled) Settle(id ID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.removeLocked(u.byID[id])
	u.count.Store(int64(len(u.byID)))
}

// removeLocked removes a call; nil: none.
func (u *Unsettled) removeLocked(known *list.Element) {
	if known != nil {
		delete(u.byID, u.calls.Remove(known).(unsettledCall).id)
	}
}

package link

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// uncancelableFor is for how long no cancels are sent on a subject that NATS has refused. It logs each refusal, and
	// cancels may be many: of a call that nobody knows the instance of one goes to several.
	uncancelableFor = time.Minute
	// maxUncancelable is how many such subjects are remembered.
	maxUncancelable = 1000
)

// uncancelable are the control subjects that NATS has refused lately. Its zero value is empty.
type uncancelable struct {
	count atomic.Int64 // of those remembered; read for every cancel

	mu sync.Mutex
	at map[string]time.Time // guarded by mu; when they were refused
}

// refused takes note of a refusal.
func (u *uncancelable) refused(subject string) {
	now := time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.at == nil || len(u.at) >= maxUncancelable {
		u.at = make(map[string]time.Time)
	}
	if before, known := u.at[subject]; !known || now.Sub(before) >= uncancelableFor {
		u.at[subject] = now
	}
	u.count.Store(int64(len(u.at)))
}

// has reports whether cancels aren't to be sent on a subject now.
func (u *uncancelable) has(subject string) bool {
	if u.count.Load() == 0 {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	at, known := u.at[subject]
	return known && time.Since(at) < uncancelableFor
}

// forget forgets all: another connection may have other permissions.
func (u *uncancelable) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.at = nil
	u.count.Store(0)
}

package retries

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Latency is how long the latest calls of a method took, as this client saw. Only clients that
// hedge keep it.
type Latency struct {
	count atomic.Uint64
	took  [latestCalls]atomic.Int64 // in nanoseconds, of the latest calls
	slow  atomic.Int64              // see Percentile95

	// Denied is which of the client's connections to a server, counted from 1, may not call
	// single instances; 0: none is known.
	Denied atomic.Uint64
}

const (
	latestCalls = 128
	fewestCalls = 32 // that say something of the others
	recount     = 16 // so many calls share the cost of a count
)

// Observe takes in one more call.
func (l *Latency) Observe(took time.Duration) {
	n := l.count.Add(1)
	l.took[(n-1)%latestCalls].Store(int64(took))
	if n >= fewestCalls && n%recount == 0 {
		l.slow.Store(l.reckon(min(n, latestCalls)))
	}
}

// reckon returns what 95 in 100 of the latest n calls took at most.
func (l *Latency) reckon(n uint64) int64 {
	var room [latestCalls]int64
	sorted := room[:n]
	for i := range sorted {
		sorted[i] = l.took[i].Load()
	}
	slices.Sort(sorted)
	return sorted[(95*n+99)/100-1]
}

// Percentile95 returns what 95 in 100 of the latest calls took at most; 0: there were too few.
func (l *Latency) Percentile95() time.Duration { return time.Duration(l.slow.Load()) }

// Latencies are those of all methods of a client that hedges; nil: it doesn't.
type Latencies struct {
	mu        sync.Mutex
	byService map[string]map[string]*Latency // guarded by mu; by service and method
}

// Of returns the latency of a method that the registry knows.
func (all *Latencies) Of(service, method string) *Latency {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.byService[service] == nil {
		if all.byService == nil {
			all.byService = make(map[string]map[string]*Latency)
		}
		all.byService[service] = make(map[string]*Latency)
	}
	l := all.byService[service][method]
	if l == nil {
		l = new(Latency)
		all.byService[service][method] = l
	}
	return l
}

// Forget lets go of a service.
func (all *Latencies) Forget(service string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.byService, service)
}

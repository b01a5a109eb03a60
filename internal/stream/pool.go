package stream

import "sync"

const (
	// Window is how many bytes of items may be under way to a reader, or wait there, and
	// WindowItems how many items.
	Window      = 256 << 10
	WindowItems = 16 << 10
	// PoolSize is how many bytes that may be of all streams of a connection together. A NATS
	// server disconnects a client for which 64 MiB wait.
	PoolSize = 16 << 20

	// poolShare is the part of what is left that one stream gets at most, and least what it gets
	// always, lest it never moved: of 10,000 streams 5 MiB, which the pool leaves out.
	poolShare = 16
	least     = 512
	reserve   = 10_000 * least
)

// Pool is the credit that the streams of a connection share. Its zero value is whole.
type Pool struct {
	mu    sync.Mutex
	taken int // guarded by mu
}

// exchange gives back what was taken before and takes more, as much as is wanted where there is
// plenty. What it returns is more than nothing.
func (p *Pool) exchange(back, want int) (got int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken -= back
	got = max(min(want, (PoolSize-reserve-p.taken)/poolShare), least)
	p.taken += got
	return got
}

// put gives back what was taken.
func (p *Pool) put(back int) {
	p.mu.Lock()
	p.taken -= back
	p.mu.Unlock()
}

// Taken returns how many bytes of credit are given.
func (p *Pool) Taken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

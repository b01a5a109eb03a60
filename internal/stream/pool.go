package stream

import (
	"runtime"
	"sync"
	"weak"
)

const (
	// PoolSize is how many bytes that may be of all streams of a connection together. A NATS
	// server disconnects a client for which 64 MiB wait.
	PoolSize = 16 << 20

	// poolShare is the part of what is left that one stream gets at most, grownShare the same of one whose
	// window has grown, and least what it gets always, lest it never moved: of 10,000 streams 5 MiB,
	// which the pool leaves out.
	poolShare  = 16
	grownShare = 4
	least      = 512
	reserve    = 10_000 * least
)

// Pool is the credit that the streams of a connection share. Its zero value is whole.
type Pool struct {
	mu    sync.Mutex
	taken int // guarded by mu
}

// pools are those of the connections that there are, by weak pointers to these.
var pools sync.Map

// PoolOf returns the pool of a connection: all clients and servers share it that have the connection, for what waits
// for them at its NATS server waits together. Without a connection it is one of its own.
func PoolOf[Connection any](nc *Connection) *Pool {
	if nc == nil {
		return new(Pool)
	}
	key := weak.Make(nc)
	if p, found := pools.Load(key); found {
		return p.(*Pool)
	}
	p, found := pools.LoadOrStore(key, new(Pool))
	if !found {
		runtime.AddCleanup(nc, func(gone weak.Pointer[Connection]) { pools.Delete(gone) }, key)
	}
	return p.(*Pool)
}

// exchange gives back what was taken before and takes more, as much as is wanted where there is
// plenty, and of what is left only a share. What it returns is more than nothing.
func (p *Pool) exchange(back, want, share int) (got int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken -= back
	got = max(min(want, (PoolSize-reserve-p.taken)/share), least)
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

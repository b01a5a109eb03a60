package rpcserver

import (
	"runtime"
	"sync"
)

// pool runs calls on a bounded number of goroutines.
//
//	submit ─▶ queue ─▶ worker: take a call, wake the next worker if more wait, run it
//
// A worker that is woken wakes the next one before it runs its own call. So a
// message of quick calls is mostly run by the one or two goroutines that the
// processors have time for, while calls that block hold up nobody behind them.
type pool struct {
	run      func(*Call)
	workers  int // how many calls run at the same moment
	maxQueue int // how many more may wait

	mu      sync.Mutex
	work    sync.Cond
	queue   []*Call // guarded by mu; queue[head:] wait
	head    int     // guarded by mu
	running int     // guarded by mu; calls being run
	started int     // guarded by mu; goroutines
	idle    int     // guarded by mu; goroutines that wait for work
	waking  bool    // guarded by mu; a goroutine was woken or started and hasn't looked yet
	closed  bool    // guarded by mu
}

// maxIdle is how many goroutines stay when there is nothing to do.
var maxIdle = 8 * runtime.GOMAXPROCS(0)

func newPool(workers, maxQueue int, run func(*Call)) *pool {
	p := &pool{run: run, workers: workers, maxQueue: maxQueue}
	p.work.L = &p.mu
	return p
}

// submit queues calls in order and returns how many it took; the rest is over the limit.
func (p *pool) submit(calls []*Call) (taken int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	room := p.workers + p.maxQueue - p.running - p.waitingLocked()
	taken = min(len(calls), max(room, 0))
	if taken == 0 {
		return 0
	}
	if p.head > len(p.queue)/2 {
		n := copy(p.queue, p.queue[p.head:])
		clear(p.queue[n:])
		p.queue, p.head = p.queue[:n], 0
	}
	p.queue = append(p.queue, calls[:taken]...)
	p.wakeLocked()
	return taken
}

// enter lets its caller run up to n calls itself, one after the other, and returns how
// many there is room for: none if others wait for their turn. After some, leave follows.
func (p *pool) enter(n int) (room int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == p.workers || p.waitingLocked() > 0 {
		return 0
	}
	p.running++
	return min(n, p.workers+p.maxQueue-p.running+1)
}

// leave ends what enter began.
func (p *pool) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	if p.waitingLocked() > 0 {
		p.wakeLocked()
	}
}

// drop takes back every call that waits.
func (p *pool) drop() []*Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := p.queue[p.head:]
	p.queue, p.head = nil, 0
	return waiting
}

// close lets the goroutines go once the queue is empty.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.work.Broadcast()
}

// load returns how many calls run and how many wait.
func (p *pool) load() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running, p.waitingLocked()
}

func (p *pool) waitingLocked() int { return len(p.queue) - p.head }

// wakeLocked sees to it that a goroutine looks at the queue soon.
func (p *pool) wakeLocked() {
	switch {
	case p.waking:
	case p.idle > 0:
		p.waking = true
		p.work.Signal()
	case p.started < p.workers:
		p.waking = true
		p.started++
		go p.worker()
	}
}

func (p *pool) worker() {
	woken := true
	defer func() {
		// Only a handler that called runtime.Goexit ends a worker while it runs a call.
		p.mu.Lock()
		defer p.mu.Unlock()
		p.started--
		if woken {
			return
		}
		p.running--
		if p.waitingLocked() > 0 {
			p.wakeLocked()
		}
	}()
	for {
		p.mu.Lock()
		if woken {
			p.waking = false
		} else {
			p.running--
		}
		woken = false
		for p.waitingLocked() == 0 || p.running == p.workers {
			if p.closed || p.idle >= maxIdle {
				woken = true // it leaves between calls
				p.mu.Unlock()
				return
			}
			p.idle++
			p.work.Wait()
			p.idle--
			p.waking = false
		}
		call := p.queue[p.head]
		p.queue[p.head] = nil
		p.head++
		p.running++
		if p.waitingLocked() > 0 {
			p.wakeLocked()
		}
		p.mu.Unlock()
		p.run(call)
	}
}

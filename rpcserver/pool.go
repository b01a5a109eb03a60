package rpcserver

import (
	"runtime"
	"sync"
	"time"
)

// pool runs calls on a bounded number of goroutines.
//
//	submit ─▶ queue ─▶ worker: take a call, wake the next worker if more wait, run it
//
// A worker that is woken wakes the next one before it runs its own call. So a
// message of quick calls is mostly run by the one or two goroutines that the
// processors have time for, while calls that block hold up nobody behind them.
//
// One worker for each processor takes a call whenever one waits. All others take one only while
// a processor has nothing to do, which the netpollYielder finds out. So as many calls run as may if
// they sleep, and few if they compute; those wait in the queue, where they can be refused.
// Between two calls that take long, a worker lets the rest of the program have its turn.
type pool struct {
	run          func(*Call) (ended time.Time)
	refuse       func(*Call, time.Time) // answers a call that isn't run
	most         int                    // how many calls run at the same moment, at most
	few          int                    // how many may run while the processors are busy
	maxQueue     int                    // how many more may wait
	yield        func()                 // to whatever came by the network; see netpollYielder
	closeYielder func()                 // called when no worker is left to yield

	mu      sync.Mutex
	work    sync.Cond
	queue   callQueue // guarded by mu
	running int       // guarded by mu; calls being run
	between int       // guarded by mu; workers that pause before they take their next call
	started int       // guarded by mu; goroutines
	idle    int       // guarded by mu; goroutines that wait for work
	waking  bool      // guarded by mu; a goroutine was woken or started and hasn't looked yet, or it probes
	closed  bool      // guarded by mu
	took    time.Time // guarded by mu; when a call was taken last
	yieldAt time.Time // guarded by mu; from when on somebody should yield to the network
	free    time.Time // guarded by mu; when a processor had nothing to do

	governor governor    // guarded by mu
	governed bool        // guarded by mu; the timer is set
	timer    *time.Timer // guarded by mu; nil until needed
}

// maxIdle is how many goroutines stay when there is nothing to do.
var maxIdle = 8 * runtime.GOMAXPROCS(0)

const (
	// netpollPause is for how long workers compute before one of them yields to the network, and
	// yieldPause for how long before one yields to other goroutines: or as long as the last of these
	// took, and netpollRest times the last of those, as others may keep the processor for longer.
	netpollPause = time.Millisecond
	yieldPause   = 100 * time.Microsecond
	netpollRest  = 4
	// promptly is how long yielding to the network takes, at most, where a processor has nothing to do, and for
	// how long it is taken for free then.
	promptly = time.Millisecond
	// patience is how long calls wait for those that run before one more is run though the
	// processors are busy, as long as the governor lets it.
	patience = 20 * time.Millisecond
)

// newPool returns a pool in which up to workers calls run, and others wait: up to maxQueue, of
// maxBytes together.
func newPool(workers, maxQueue, maxBytes int, run func(*Call) time.Time, refuse func(*Call, time.Time)) *pool {
	processors := runtime.GOMAXPROCS(0)
	p := &pool{
		run: run, refuse: refuse, most: workers, few: min(workers, processors), maxQueue: maxQueue,
		queue:    callQueue{maxBytes: maxBytes},
		governor: newGovernor(min(workers, 2*processors), workers, newSchedulerWaits()),
	}
	p.work.L = &p.mu
	y := newNetpollYielder()
	p.yield, p.closeYielder = y.yield, y.close
	return p
}

// submit queues calls in order. It returns those that aren't run: some of them, or ones that
// give way to them.
func (p *pool) submit(calls []*Call, now time.Time) (refused []*Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	refused = p.queue.put(calls, p.most+p.maxQueue-p.running-p.waitingLocked(), now)
	if p.waitingLocked() > 0 {
		p.wakeLocked()
	}
	return refused
}

// enter lets its caller run up to n calls itself, one after the other, and returns how
// many there is room for: none if others wait for their turn. After some, leave follows.
func (p *pool) enter(n int) (room int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running >= p.governor.limit || p.waitingLocked() > 0 {
		return 0
	}
	p.running++
	return min(n, p.most+p.maxQueue-p.running+1)
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
	return p.queue.drop()
}

// close lets the goroutines go once the queue is empty.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.work.Broadcast()
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.started == 0 {
		p.closeYielder()
	}
}

// load returns how busy the pool is.
func (p *pool) load() Load {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Load{Running: p.running, MayRun: p.governor.limit, Waiting: p.waitingLocked(), WaitingBytes: p.queue.bytes}
}

func (p *pool) waitingLocked() int { return p.queue.len() }

// wakeLocked sees to it that a goroutine looks at the queue soon.
func (p *pool) wakeLocked() {
	switch {
	case p.waking || !p.hasRoomLocked():
	case p.idle > 0:
		p.waking = true
		p.work.Signal()
	case p.started < p.most:
		p.waking = true
		p.started++
		go p.worker()
	}
}

// hasRoomLocked reports whether one more call may run if a processor is free.
func (p *pool) hasRoomLocked() bool { return p.running+p.between < p.governor.limit }

func (p *pool) worker() {
	running := false
	defer func() {
		// Only a handler that called runtime.Goexit ends a worker while it runs a call.
		p.mu.Lock()
		defer p.mu.Unlock()
		p.started--
		if running {
			p.running--
			if p.waitingLocked() > 0 {
				p.wakeLocked()
			}
		}
		if p.closed && p.started == 0 {
			p.closeYielder()
		}
	}()
	p.mu.Lock()
	p.waking = false
	now := time.Now()
	computing, pause := now, yieldPause // since when, and for how long
	for {
		for !p.mayTakeLocked(now) {
			switch {
			case p.waitingLocked() > 0 && p.hasRoomLocked() && !p.waking:
				p.probeLocked(now)
			case p.closed || p.idle >= maxIdle: // if calls wait, others will take them
				p.mu.Unlock()
				return
			default:
				p.idle++
				p.work.Wait()
				p.idle--
				p.waking = false
			}
			now = time.Now()
			computing = now
		}
		call := p.takeLocked(now)
		if call == nil {
			continue
		}
		lane, began := p.queue.of(call.method), now // which of the call nobody knows afterwards
		p.mu.Unlock()
		running = true
		now = p.run(call)
		running = false
		p.mu.Lock()
		p.running--
		lane.settle(p.costLocked(began, now))
		if p.waitingLocked() > 0 && now.Sub(computing) >= pause {
			before := now
			now = p.pauseLocked(now)
			computing, pause = now, max(now.Sub(before), yieldPause)
		}
	}
}

// mayTakeLocked reports whether a worker may take a call now.
func (p *pool) mayTakeLocked(now time.Time) bool {
	switch {
	case p.waitingLocked() == 0 || !p.hasRoomLocked():
		return false
	case p.running+p.between < p.few:
		return true
	}
	return now.Sub(p.free) <= promptly || now.Sub(p.took) >= patience
}

// takeLocked takes a call to run, nil if none is left that is worth it.
func (p *pool) takeLocked(now time.Time) *Call {
	call, refused := p.queue.next(now)
	if call != nil {
		p.running++
		p.took = now
		p.governLocked()
		if p.waitingLocked() > 0 {
			p.wakeLocked()
		}
	}
	if len(refused) > 0 {
		p.mu.Unlock()
		for _, call := range refused {
			p.refuse(call, now)
		}
		p.mu.Lock()
	}
	return call
}

// costLocked returns for how long a call kept others from running that has just run: not while it
// slept, if a processor was found to have nothing to do meanwhile.
func (p *pool) costLocked(began, ended time.Time) time.Duration {
	cost := ended.Sub(began)
	if p.free.After(began) {
		cost = min(cost, promptly)
	}
	return cost
}

// probeLocked finds out whether a processor has nothing to do.
func (p *pool) probeLocked(now time.Time) {
	p.waking = true
	p.mu.Unlock()
	p.yield()
	p.mu.Lock()
	p.waking = false
	if ended := p.yieldedLocked(now); ended.Sub(now) <= promptly && p.between == 0 {
		p.free = ended
	}
}

// pauseLocked lets others have the processor before a worker takes its next call. It returns
// when that was over.
func (p *pool) pauseLocked(now time.Time) (ended time.Time) {
	p.between++
	toNetwork := !now.Before(p.yieldAt)
	p.mu.Unlock()
	if toNetwork {
		p.yield()
	} else {
		runtime.Gosched()
	}
	p.mu.Lock()
	p.between--
	if toNetwork {
		return p.yieldedLocked(now)
	}
	return time.Now()
}

// yieldedLocked takes note of a yield to the network that is over.
func (p *pool) yieldedLocked(began time.Time) (ended time.Time) {
	ended = time.Now()
	p.yieldAt = ended.Add(max(netpollPause, netpollRest*ended.Sub(began)))
	return ended
}

// governLocked sees to it that the governor looks while more calls run than it has to let.
func (p *pool) governLocked() {
	if p.governed || p.closed || p.running <= p.governor.least {
		return
	}
	p.governed = true
	p.governor.begin()
	if p.timer == nil {
		p.timer = time.AfterFunc(governorPause, p.govern)
	} else {
		p.timer.Reset(governorPause)
	}
}

// govern lets the governor look.
func (p *pool) govern() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.running <= p.governor.least && p.waitingLocked() == 0 {
		p.governed = false
		return
	}
	p.governor.look(p.running, p.waitingLocked())
	if p.waitingLocked() > 0 {
		p.wakeLocked()
	}
	p.timer.Reset(governorPause)
}

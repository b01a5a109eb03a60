// Package pool runs calls: how many at once, in which order, and which aren't run at all. It knows
// of a call only what a [Task] says, so anything can be a call.
//
//   - pool.go: the workers
//   - queue.go, lanes.go, lane.go, pace.go, tally.go: those that wait, whose turn comes, and who is refused
//   - governor.go, schedulerwaits.go: fewer run while goroutines wait long for a processor
//   - netpoll.go: how workers let the program look at the network
package pool

import (
	"runtime"
	"sync"
	"time"
)

// Pool runs calls on a bounded number of goroutines.
//
//	Submit ─▶ queue ─▶ worker: take a call, wake the next worker if more wait, run it
//
// A worker that is woken wakes the next one before it runs its own call. So a
// message of quick calls is mostly run by the one or two goroutines that the
// processors have time for, while calls that block hold up nobody behind them.
//
// One worker for each processor takes a call whenever one waits. All others take one only while
// a processor has nothing to do, which the netpollYielder finds out. So as many calls run as may if
// they sleep, and few if they compute; those wait in the queue, where they can be refused.
// Between two calls that take long, a worker lets the rest of the program have its turn.
type Pool[C any] struct {
	work         Work[C]
	most         int    // how many calls run at the same moment, at most
	few          int    // how many may run while the processors are busy
	maxQueue     int    // how many more may wait
	yield        func() // to whatever came by the network; see netpollYielder
	closeYielder func() // called when no worker is left to yield

	mu      sync.Mutex
	wake    sync.Cond
	queue   queue[C]  // guarded by mu
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

// Work is what a pool's calls are, and what is done with them.
type Work[C any] struct {
	// Describe returns the task that a call is.
	Describe func(call *C) Task[C]
	// Run runs a call, and returns when that was over.
	Run func(call *C) (ended time.Time)
	// Refuse answers a call that isn't run after all.
	Refuse func(call *C, why Reason, now time.Time)
}

// New returns a pool in which up to workers calls run, and others wait: up to maxQueue, of
// maxBytes together.
func New[C any](workers, maxQueue, maxBytes int, work Work[C]) *Pool[C] {
	processors := runtime.GOMAXPROCS(0)
	p := &Pool[C]{
		work: work, most: workers, few: min(workers, processors), maxQueue: maxQueue,
		queue:    queue[C]{maxBytes: maxBytes},
		governor: newGovernor(min(workers, 2*processors), workers, newSchedulerWaits()),
	}
	p.wake.L = &p.mu
	y := newNetpollYielder()
	p.yield, p.closeYielder = y.yield, y.close
	return p
}

// Submit queues calls in order. It returns those that aren't run: some of them, or ones that
// give way to them.
func (p *Pool[C]) Submit(calls []*C, now time.Time) (refused []Refused[C]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	refused = p.queue.begin(now)
	for _, call := range calls {
		task := p.work.Describe(call)
		refused = p.queue.put(refused, &task, p.most+p.maxQueue-p.running-p.waitingLocked(), now)
	}
	if p.waitingLocked() > 0 {
		p.wakeLocked()
	}
	return refused
}

// Enter lets its caller run up to n calls itself, one after the other, and returns how
// many there is room for: none if others wait for their turn. After some, Leave follows.
func (p *Pool[C]) Enter(n int) (room int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running >= p.governor.limit || p.waitingLocked() > 0 {
		return 0
	}
	p.running++
	return min(n, p.most+p.maxQueue-p.running+1)
}

// Leave ends what Enter began.
func (p *Pool[C]) Leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	if p.waitingLocked() > 0 {
		p.wakeLocked()
	}
}

// Drop takes back every call that waits.
func (p *Pool[C]) Drop() []*C {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.drop()
}

// Close lets the goroutines go once the queue is empty.
func (p *Pool[C]) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.wake.Broadcast()
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.started == 0 {
		p.closeYielder()
	}
}

// Load is how busy a pool is at a moment.
type Load struct {
	Running      int // calls that run
	MayRun       int // up to how many
	Waiting      int // calls that wait
	WaitingBytes int // that those hold
}

// Load returns how busy the pool is.
func (p *Pool[C]) Load() Load {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Load{Running: p.running, MayRun: p.governor.limit, Waiting: p.waitingLocked(), WaitingBytes: p.queue.bytes}
}

func (p *Pool[C]) waitingLocked() int { return p.queue.len() }

// wakeLocked sees to it that a goroutine looks at the queue soon.
func (p *Pool[C]) wakeLocked() {
	switch {
	case p.waking || !p.hasRoomLocked():
	case p.idle > 0:
		p.waking = true
		p.wake.Signal()
	case p.started < p.most:
		p.waking = true
		p.started++
		go p.worker()
	}
}

// hasRoomLocked reports whether one more call may run if a processor is free.
func (p *Pool[C]) hasRoomLocked() bool { return p.running+p.between < p.governor.limit }

func (p *Pool[C]) worker() {
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
				p.wake.Wait()
				p.idle--
				p.waking = false
			}
			now = time.Now()
			computing = now
		}
		call, kind := p.takeLocked(now)
		if call == nil {
			continue
		}
		began := now
		p.mu.Unlock()
		running = true
		now = p.work.Run(call)
		running = false
		p.mu.Lock()
		p.running--
		p.queue.of(kind).settle(p.costLocked(began, now))
		if p.waitingLocked() > 0 && now.Sub(computing) >= pause {
			before := now
			now = p.pauseLocked(now)
			computing, pause = now, max(now.Sub(before), yieldPause)
		}
	}
}

// mayTakeLocked reports whether a worker may take a call now.
func (p *Pool[C]) mayTakeLocked(now time.Time) bool {
	switch {
	case p.waitingLocked() == 0 || !p.hasRoomLocked():
		return false
	case p.running+p.between < p.few:
		return true
	}
	return now.Sub(p.free) <= promptly || now.Sub(p.took) >= patience
}

// takeLocked takes a call to run, nil if none is left that is worth it.
func (p *Pool[C]) takeLocked(now time.Time) (*C, *Kind) {
	call, kind, refused := p.queue.next(now)
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
		for _, r := range refused {
			p.work.Refuse(r.Call, r.Why, now)
		}
		p.mu.Lock()
	}
	return call, kind
}

// costLocked returns for how long a call kept others from running that has just run: not while it
// slept, if a processor was found to have nothing to do meanwhile.
func (p *Pool[C]) costLocked(began, ended time.Time) time.Duration {
	cost := ended.Sub(began)
	if p.free.After(began) {
		cost = min(cost, promptly)
	}
	return cost
}

// probeLocked finds out whether a processor has nothing to do.
func (p *Pool[C]) probeLocked(now time.Time) {
	p.waking = true
	p.mu.Unlock()
	p.yield()
	p.mu.Lock()
	p.waking = false
	ended := time.Now()
	if next := ended.Add(netpollPause); next.After(p.yieldAt) {
		p.yieldAt = next // and no later: it takes long while others compute, and costs them nothing
	}
	if ended.Sub(now) <= promptly && p.between == 0 {
		p.free = ended
	}
}

// pauseLocked lets others have the processor before a worker takes its next call. It returns
// when that was over.
func (p *Pool[C]) pauseLocked(now time.Time) (ended time.Time) {
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
	ended = time.Now()
	if toNetwork {
		p.yieldAt = ended.Add(max(netpollPause, netpollRest*ended.Sub(now)))
	}
	return ended
}

// governLocked sees to it that the governor looks while more calls run than it has to let.
func (p *Pool[C]) governLocked() {
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
func (p *Pool[C]) govern() {
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

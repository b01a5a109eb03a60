package part

import (
	"slices"
	"sync"
	"time"
)

// crew are goroutines that make calls, one after the other each. Those that have nothing to do are
// kept, as new ones would have to grow their stacks first: at a high rate that takes the processor from
// the answers, which then seem to be late. But whoever collects garbage looks at all their stacks, which
// takes the processor as well; so those that aren't needed any more can be let go. Its zero value is one
// without any.
type crew struct {
	mu      sync.Mutex
	idle    []chan func() // guarded by mu; of those that wait, the one that did something last is last
	spare   int           // guarded by mu; how many of them, from the first on, have waited since they were counted
	counted time.Time     // guarded by mu
	surplus int           // guarded by mu; how many are to be let go
	busy    sync.WaitGroup
}

const (
	// spareTime is for how long somebody has nothing to do, at least, before he is let go.
	spareTime = 250 * time.Millisecond
	// fewAtOnce is how many are let go at once, as each gives back its stack.
	fewAtOnce = 4
)

// hire has so many goroutines wait, with stacks that are large enough for a call.
func (c *crew) hire(count int) {
	ready := make(chan struct{})
	for range count {
		c.Go(func() {
			stretch()
			<-ready
		})
	}
	close(ready)
	c.busy.Wait()
}

// Go has one of them do something.
func (c *crew) Go(do func()) {
	c.busy.Add(1)
	c.mu.Lock()
	var next chan func()
	if last := len(c.idle) - 1; last >= 0 {
		next = c.idle[last]
		c.idle = c.idle[:last]
		c.spare = min(c.spare, last)
	}
	c.mu.Unlock()
	if next != nil {
		next <- do
		return
	}
	next = make(chan func(), 1)
	next <- do
	go c.work(next)
}

func (c *crew) work(next chan func()) {
	for do := range next {
		do()
		c.mu.Lock()
		c.idle = append(c.idle, next)
		c.mu.Unlock()
		c.busy.Done()
	}
}

// tend lets some of those go whom nobody has needed for a while. Whoever calls does so often.
func (c *crew) tend(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.counted) >= spareTime {
		c.surplus, c.spare, c.counted = c.spare, len(c.idle), now
	}
	n := min(c.surplus, fewAtOnce, len(c.idle))
	for _, next := range c.idle[:n] {
		close(next)
	}
	c.idle = slices.Delete(c.idle, 0, n)
	c.surplus -= n
	c.spare = min(c.spare, len(c.idle))
}

// dismiss waits for what they do, and lets them go.
func (c *crew) dismiss() {
	c.busy.Wait()
	for _, next := range c.idle {
		close(next)
	}
	c.idle = nil
}

// stretch uses as much of a goroutine's stack as a call does.
//
//go:noinline
func stretch() (used byte) {
	var room [8 << 10]byte
	for i := range room {
		room[i] = byte(i)
	}
	return room[len(room)-1] + used
}

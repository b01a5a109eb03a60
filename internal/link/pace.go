package link

import (
	"sync"
	"sync/atomic"
	"time"
)

// pace takes a step each interval, with one timer, as long as there is something to do.
type pace struct {
	interval time.Duration
	// step does what is to be done, and reports whether there will be more. Late says that it
	// comes an interval late or later: the program stood still, and what seems to have gone by
	// in the meantime didn't.
	step func(late bool) (more bool)

	going atomic.Bool // a step will be taken; every call reads it

	stepping sync.Mutex // held while a step is taken

	mu      sync.Mutex
	timer   *time.Timer // guarded by mu; nil until first needed
	due     time.Time   // guarded by mu; when the next step should be taken
	stopped bool        // guarded by mu
}

// wake sees to it that steps are taken. What they are to do must be there before it is called.
func (p *pace) wake() {
	if !p.going.Load() {
		p.arm()
	}
}

func (p *pace) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || p.going.Load() {
		return
	}
	p.due = time.Now().Add(p.interval)
	if p.timer == nil {
		p.timer = time.AfterFunc(p.interval, p.fire)
	} else {
		p.timer.Reset(p.interval)
	}
	p.going.Store(true)
}

func (p *pace) fire() {
	p.stepping.Lock()
	defer p.stepping.Unlock()
	p.mu.Lock()
	stopped, late := p.stopped, time.Since(p.due) >= p.interval
	p.mu.Unlock()
	if stopped {
		return
	}
	p.going.Store(false) // before looking: what comes while it looks wakes it again
	if p.step(late) {
		p.arm()
	}
}

// stop ends it: no step is taken after it returns.
func (p *pace) stop() {
	p.mu.Lock()
	p.stopped = true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	p.stepping.Lock() // waits for the step that is being taken
	defer p.stepping.Unlock()
}

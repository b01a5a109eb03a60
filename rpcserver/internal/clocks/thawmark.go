package clocks

import "time"

// ThawMark tells what came by a direct link while the process stood still from what comes later, as
// thaws do for the bus. It belongs to the goroutine that receives. Its zero value does nothing.
type ThawMark struct {
	// Put has something received behind all that was sent by now.
	Put  func(reached func())
	last *Standstill // the latest one behind which a mark was put
}

// See sees to it that a thaw ends.
func (m *ThawMark) See(c *Clocks) {
	if m.Put == nil || !c.lasts || m.last == c.met {
		return
	}
	of := c.met
	m.last = of
	m.Put(func() {
		at, _ := c.pulse.Look(time.Now())
		c.Over(of, at)
	})
}

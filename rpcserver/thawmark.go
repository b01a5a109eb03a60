package rpcserver

import "time"

// thawMark tells what came by a direct link while the process stood still from what comes later, as
// thaws do for the bus. It belongs to the goroutine that receives. Its zero value does nothing.
type thawMark struct {
	// put has something received behind all that was sent by now.
	put  func(reached func())
	last *standstill // the latest one behind which a mark was put
}

// see sees to it that a thaw ends.
func (m *thawMark) see(c *clocks) {
	if m.put == nil || !c.lasts || m.last == c.met {
		return
	}
	of := c.met
	m.last = of
	m.put(func() {
		at, _ := c.pulse.look(time.Now())
		c.over(of, at)
	})
}

package pool

import (
	"slices"
	"time"
)

// enoughLooks is in how many looks has to be seen how fast calls have their turns, for one to be refused
// for it. As one at which the whole process stood still for a while says nothing of the calls, the best of
// so many counts.
const enoughLooks = 4

// pace is how fast calls have their turns, which is to be seen only while some wait.
type pace struct {
	perCall time.Duration              // how long it takes until the next one's turn, lately and at best
	looks   int                        // how many that was seen in, since none waited
	latest  [enoughLooks]time.Duration // what it took in the last of them, per call
}

// look takes note of how many calls had their turns in so much time.
func (p *pace) look(took time.Duration, turns int) {
	p.latest[p.looks%enoughLooks] = took / time.Duration(turns)
	p.looks++
	best := slices.Min(p.latest[:min(p.looks, enoughLooks)])
	if p.looks == 1 || best < p.perCall {
		p.perCall = best
	} else {
		p.perCall += (best - p.perCall) / 8
	}
}

// isSure reports whether enough was seen for a call to be refused for it.
func (p *pace) isSure() bool { return p.looks >= enoughLooks }

// reset forgets what was seen, as none waits now.
func (p *pace) reset() { p.looks = 0 }

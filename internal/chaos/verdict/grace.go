package verdict

import "time"

// Grace is how much later than its deadline a handler may begin without being late: between
// the server's last look at the clock and the handler's first line, other goroutines may have
// their turn. The process may be frozen there, too, so a call that was made within as much of a
// fault's begin isn't late, whenever it runs: of those that come while it is frozen that says nothing.
const Grace = 20 * time.Millisecond

// metAtOnce reports whether a call was made as a fault began: its handler was perhaps about to begin, too.
func (c *call) metAtOnce(marks []Mark) bool {
	for _, m := range marks {
		if apart := m.At.Sub(time.Unix(0, c.made.At)); !m.Mend && apart.Abs() <= Grace {
			return true
		}
	}
	return false
}

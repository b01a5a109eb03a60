package verdict

import "time"

// toldAfter returns how long after a fault that it met under way the end of a call was told, 0 if it met none.
func toldAfter(c *call, marks []Mark) (after time.Duration) {
	for _, m := range marks {
		if at := m.At.UnixNano(); !m.Mend && c.made.At < at && at < c.ended.At {
			after = time.Duration(c.ended.At - at) // the latest fault counts
		}
	}
	return after
}

// outlivedBy returns how long after a fault the handlers of a call ended whose caller never said how it
// ended, 0 if there was none.
func outlivedBy(c *call, marks []Mark) (by time.Duration) {
	if c.ended != nil {
		return 0
	}
	for _, m := range marks {
		for _, end := range c.done {
			if at := m.At.UnixNano(); !m.Mend && c.made.At < at && at < end.At {
				by = max(by, time.Duration(end.At-at))
			}
		}
	}
	return by
}

package promptwrite

import "sync/atomic"

// Total is what several connections keep together.
type Total struct {
	bytes atomic.Int64
	conns atomic.Int64 // that keep something
}

// count takes note that a connection kept so many bytes before, and so many now.
func (t *Total) count(before, now int) {
	t.bytes.Add(int64(now - before))
	switch {
	case before == 0 && now > 0:
		t.conns.Add(1)
	case before > 0 && now == 0:
		t.conns.Add(-1)
	}
}

// Kept returns how many bytes that are, and of how many connections.
func (t *Total) Kept() (bytes, conns int) { return int(t.bytes.Load()), int(t.conns.Load()) }

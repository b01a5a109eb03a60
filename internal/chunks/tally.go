package chunks

import "sync/atomic"

// Tally counts values that travelled in chunks, and their bytes. Its zero value is whole.
type Tally struct{ values, bytes atomic.Uint64 }

// Add counts a value that is through.
func (t *Tally) Add(length int) {
	t.values.Add(1)
	t.bytes.Add(uint64(length))
}

// Read returns how many there were.
func (t *Tally) Read() (values, bytes uint64) { return t.values.Load(), t.bytes.Load() }

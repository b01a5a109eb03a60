package part

import (
	"context"
	"encoding/json"
	"runtime"
)

// measure returns the figures of this process.
func measure() Figures {
	var m runtime.MemStats
	for range 2 { // the first collection may leave what finalizers hold
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return Figures{Goroutines: runtime.NumGoroutine(), Heap: m.HeapAlloc, MaxRSS: maxRSS()}
}

// measured is a part that tells its figures and does nothing else when it is asked to.
type measured struct{}

func (measured) Ready() any { return Ready{} }

func (measured) Do(_ context.Context, text json.RawMessage) (any, error) {
	c, err := readCommand(text)
	if err != nil || c.Do != Measure {
		return cannot(c)
	}
	return measure(), nil
}

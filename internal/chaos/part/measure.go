package part

import (
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

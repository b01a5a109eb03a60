package measure

import (
	"runtime"
	"time"
)

// Usage is what a process has used since it began.
type Usage struct {
	CPU      time.Duration // user and system time
	Broker   time.Duration // the part of CPU that the broker used, in a process of its own
	Mallocs  uint64        // heap objects allocated
	Heap     uint64        // bytes of heap in use now
	BytesIn  uint64        // of the client's connections
	BytesOut uint64
	// Frames and Messages are Helium's: the calls sent, and the messages that they shared.
	Frames, Messages uint64
}

// Self returns what this process has used. It stops the process for a moment, so it
// belongs before and after a measurement, not into it.
func Self() Usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Usage{CPU: cpuTime(), Mallocs: m.Mallocs, Heap: m.HeapAlloc}
}

// Since returns what was used since an earlier moment; Heap stays as it is now.
func (u Usage) Since(earlier Usage) Usage {
	return Usage{
		CPU: u.CPU - earlier.CPU, Broker: u.Broker - earlier.Broker, Mallocs: u.Mallocs - earlier.Mallocs, Heap: u.Heap,
		BytesIn: u.BytesIn - earlier.BytesIn, BytesOut: u.BytesOut - earlier.BytesOut,
		Frames: u.Frames - earlier.Frames, Messages: u.Messages - earlier.Messages,
	}
}

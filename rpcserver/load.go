package rpcserver

import "time"

// Load is how busy a server is at a moment, all of its services together.
type Load struct {
	// Running calls run, and MayRun is up to how many: fewer than Config.MaxInFlight while
	// goroutines wait long for a processor.
	Running int `json:"running"`
	MayRun  int `json:"may_run"`
	// Waiting calls wait for their turn, and hold WaitingBytes.
	Waiting      int `json:"waiting"`
	WaitingBytes int `json:"waiting_bytes"`
	// SchedulerLatency is what half of the waits of the process's goroutines for a processor were
	// shorter than, between the last two looks at that, which are a second apart or more.
	SchedulerLatency time.Duration `json:"scheduler_latency_ns"`
}

// Package report is what a run of the benchmark found, and how people see it: tables
// for a terminal and for Markdown, charts as SVG, and the rows in which Helium loses.
package report

import (
	"time"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/peers"
)

// Report is what a run found.
type Report struct {
	Machine  Machine
	Settings Settings
	Rows     []Row   `json:",omitempty"`
	Gone     []Gone  `json:",omitempty"`
	Curves   []Curve `json:",omitempty"`
}

// Settings say how it was measured.
type Settings struct {
	Duration time.Duration // of one measurement
	Rounds   int
}

// Table names one of the tables.
type Table string

// The tables.
const (
	Calls     Table = "calls"    // separate processes, two floats, more and more in flight
	Payloads  Table = "payloads" // separate processes, what calls carry
	Streams   Table = "streams"  // separate processes, streams read to their ends
	Process   Table = "process"  // the same calls within one process
	Ways      Table = "ways"     // separate processes, the ways in which people call Helium
	Encrypted Table = "tls"      // separate processes, direct and encrypted
	Clients   Table = "clients"  // separate processes, many clients with a few calls each
	Uneven    Table = "uneven"   // separate processes, several instances, of which one is slow
	OwnPeak   Table = "open"     // open loop at parts of each peer's own peak
	SameRate  Table = "same"     // open loop at parts of Helium's peak
	NoServer  Table = "gone"     // how long a call takes to fail
)

// Row is one peer under one load, over all rounds.
type Row struct {
	Table    Table
	Peer     string
	Payload  peers.Payload
	InFlight int     `json:",omitempty"` // of a closed loop
	Rate     float64 `json:",omitempty"` // of an open loop, calls per second
	Part     float64 `json:",omitempty"` // of the peak that Rate is, 0.25 for a quarter

	PerSecond      measure.Spread // calls
	P50, P99, P999 measure.Spread // microseconds

	// Of one call, the median of the rounds, all processes together but for Allocs,
	// which leave the broker out where it has a process of its own.
	CPU    float64 // microseconds
	Broker float64 `json:",omitempty"` // microseconds: the part of CPU that the broker used, in a process of its own
	Bytes  float64 // in and out of the client's connections; 0 where nobody can count them
	Allocs float64 // heap objects
	// PerMessage is how many calls shared a message on their way to the server; 0
	// where the peer doesn't say.
	PerMessage float64 `json:",omitempty"`

	Failed int     `json:",omitempty"` // calls, of all rounds
	Error  string  `json:",omitempty"` // the first one's
	Late   float64 `json:",omitempty"` // the part of an open loop's calls that never started
}

// Overloaded reports whether the peer couldn't keep up with an open loop. Its
// latencies are then those of the calls that did start.
func (r *Row) Overloaded() bool {
	return r.Late > 0.01 || r.Rate > 0 && r.PerSecond.Median < 0.95*r.Rate
}

// Gone is how long a peer takes to fail a call when nobody serves.
type Gone struct {
	Peer string
	// Fresh is for a client that has just been made, dialling included, while no
	// server is there.
	Fresh time.Duration
	// First and Worst are the median and the longest of the first calls after the
	// server was killed, Later the median of those after them.
	First, Worst, Later time.Duration
	// Error is what the last call failed with; "" if none failed.
	Error string
}

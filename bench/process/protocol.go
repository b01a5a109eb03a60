package process

import (
	"time"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/peers"
)

// Setup says what a child is.
type Setup struct {
	Role    Role
	Peer    string // its name, for servers, clients and wholes
	Broker  string // the URL, for those of peers on the bus
	Address string // the server's, for clients of peers with sockets
}

// Role is what a child does.
type Role string

// The roles.
const (
	Broker Role = "broker"
	Server Role = "server"
	Client Role = "client"
	Whole  Role = "whole"
)

// Command asks a child to do something.
type Command struct {
	Do       Verb
	Payload  peers.Payload `json:",omitempty"`
	InFlight int           `json:",omitempty"` // of Closed
	Rate     float64       `json:",omitempty"` // of Open, calls per second
	Count    int           `json:",omitempty"` // of Fail
	Duration time.Duration `json:",omitempty"`
}

// Verb is what a child can be asked to do.
type Verb string

// The verbs. A server or broker knows Use alone.
const (
	Use    Verb = "use"    // say what was used so far
	Closed Verb = "closed" // call with so many calls in flight
	Open   Verb = "open"   // call at a rate
	Fail   Verb = "fail"   // make calls that should fail, one by one
)

// Reply answers a command, or says once that the child is ready.
type Reply struct {
	Error    string          `json:",omitempty"` // what went wrong
	Address  string          `json:",omitempty"` // when ready: where it is found
	Usage    *measure.Usage  `json:",omitempty"`
	Sample   *measure.Sample `json:",omitempty"`
	Failures []Failure       `json:",omitempty"`
}

// Failure is how one call failed.
type Failure struct {
	Took  time.Duration
	Error string // "" if it didn't
}

// marker begins each line of the protocol. What libraries write to the standard output
// has none and is passed on.
const marker = "helium-bench:"

// environment is the variable that makes a process a child. It holds a Setup in JSON.
const environment = "HELIUM_BENCH_ROLE"

// MaxFail bounds how long a call may take to fail; then its failure is the deadline.
const MaxFail = 3 * time.Second

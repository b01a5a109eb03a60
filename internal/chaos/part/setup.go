package part

import (
	"time"

	"github.com/helium-rpc/helium/rpcserver"
)

// Setup says what a process is: exactly one of the pointers is set.
type Setup struct {
	Name   string // of the process; connections are called so, too
	Ledger string // the file of the executions or the calls

	URL  string // where to connect, the first one preferred; for all but brokers
	User string // as whom, if the broker asks; it is the password, too

	Broker *Broker `json:",omitempty"`
	Nats   *Nats   `json:",omitempty"`
	Binder *Binder `json:",omitempty"`
	Server *Server `json:",omitempty"`
	Client *Client `json:",omitempty"`
	Liar   *Liar   `json:",omitempty"`
	Herd   *Herd   `json:",omitempty"`
}

// Broker is a broker of package broker.
type Broker struct {
	Listen, Dir string
	Cluster     string   // where it listens for the others of a cluster, "" for none
	Routes      []string // to the others
	MaxStorage  int64    // bytes, 0 for the default
}

// Nats is a NATS server as others run it, with what stands in a configuration file.
type Nats struct{ Config string }

// Binder is a binder.
type Binder struct {
	Lease    time.Duration
	Replicas int
	Memory   bool
}

// ServiceName is that of the service that servers have and clients call.
const ServiceName = "work"

// Server serves the service "work".
type Server struct {
	Service               string // its name, if it isn't "work"
	MaxInFlight, MaxQueue int    // 0 for the defaults
	MaxQueueBytes         int    // likewise
	DrainTimeout          time.Duration
	Listen, Advertise     string // for direct links, and where these are dialed if that is elsewhere
	// SlowBy is how much longer calls take that do nothing else, if their number is a multiple
	// of SlowEach.
	SlowBy   time.Duration
	SlowEach int64
}

func (s *Server) config() rpcserver.Config {
	return rpcserver.Config{MaxInFlight: s.MaxInFlight, MaxQueue: s.MaxQueue, MaxQueueBytes: s.MaxQueueBytes, DrainTimeout: s.DrainTimeout, Listen: s.Listen, Advertise: s.Advertise}
}

// Client calls.
type Client struct {
	Hedge   bool // idempotent calls that take unusually long are made a second time
	BusOnly bool // it uses no direct links
	Links   int  // how many direct links it has before it begins
}

// Liar is an instance of another service that answers what it wasn't asked.
type Liar struct{}

// Herd is clients that call nobody.
type Herd struct{ Connections int }

// Ready is what a part says once it can be used.
type Ready struct {
	Instance string `json:",omitempty"` // of a server
}

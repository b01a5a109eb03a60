package part

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// Command asks a part to do something.
type Command struct {
	Do     Verb
	Loads  []Load        `json:",omitempty"` // of Call
	Start  time.Time     // of Call: the moment from which loads count their times
	Count  int           `json:",omitempty"` // of Register: how many records
	Within time.Duration `json:",omitempty"` // of Warm and Register: how long it may take
}

// Verb is what a part can be asked.
type Verb string

// The verbs.
const (
	Measure  Verb = "measure"  // all parts: answer Figures
	Call     Verb = "call"     // a client: carry the loads, and return when all calls have ended
	Warm     Verb = "warm"     // a client: return once the service answers
	Stop     Verb = "stop"     // a server: shut down
	Register Verb = "register" // a client: register so many instances of services that nobody serves
	Wipe     Verb = "wipe"     // a client: delete the registry's bucket
)

// Load is calls at a fixed rate, at even distances or at random.
type Load struct {
	Name    string        // in the verdict
	Method  string        // of the service; see type work, or Lookup
	Service string        // if it isn't "work"
	Work    time.Duration // how long the handler is to work, for methods that do
	Rate    float64       // calls each second
	Random  bool          // they come at random, each whenever others do: at exponential distances
	At, For time.Duration // when it begins, after the start, and how long it lasts
	Timeout time.Duration // of each call
	Once    bool          // calls carry an idempotency key, and are made until it is known how they ended
	Base    int64         // calls have the numbers from this one on
	Items   int64         // of each stream
	Pause   time.Duration // of who sends the items, behind each
	Slow    time.Duration // of who takes the items, behind each
	Leaves  int64         // one stream in so many is left by its reader in the middle; 0: none
	Size    int           // of a large value, of an argument, or of each item of a stream of such, in bytes
}

// Unjudged is the number of calls that don't count.
const Unjudged = -1

// Lookup is the method of loads that ask the registry instead of calling: for the Service, or
// with none for one of the many that Register made.
const Lookup = "lookup"

// Everywhere is the method of loads that call every instance of the service.
const Everywhere = "everywhere"

// Idempotent reports whether calls of a method may run twice.
func (l Load) Idempotent() bool { return l.Method == "again" }

// Calls returns how many calls a load has.
func (l Load) Calls() int64 { return int64(l.Rate * l.For.Seconds()) }

// isHeavy reports whether to make the calls takes much of a processor.
func (l Load) isHeavy() bool { return l.Rate >= 5000 }

// Figures are what a process is at a moment.
type Figures struct {
	Goroutines int
	Heap       uint64           // bytes in use, garbage collected
	MaxRSS     uint64           // bytes; the most memory it had so far, 0 where that isn't known
	Server     *rpcserver.Stats `json:",omitempty"`
	Client     *rpcclient.Stats `json:",omitempty"`
	Returns    []int64          `json:",omitempty"` // of a herd: when connections were made again, in nanoseconds of Unix time
}

// cannot is the answer of a part to what it doesn't do.
func cannot(c Command) (any, error) { return nil, fmt.Errorf("this part doesn't %s", c.Do) }

func readCommand(text json.RawMessage) (c Command, err error) {
	err = json.Unmarshal(text, &c)
	return c, err
}

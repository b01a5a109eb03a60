package ledger

import "time"

// Kind says what an entry is about.
type Kind string

// The kinds of entries.
const (
	Called Kind = "called" // a client is about to make a call
	Ended  Kind = "ended"  // and its call has ended, well or not
	Began  Kind = "began"  // a handler has begun
	Done   Kind = "done"   // and has returned
)

// Entry is one line of a ledger.
type Entry struct {
	Kind Kind  `json:"k"`
	ID   int64 `json:"id"` // the call's; the same for all entries of it
	At   int64 `json:"at"` // nanoseconds of Unix time

	// Of a call: the load that it belongs to, when it was meant to start and by when it has to
	// be over, whether it may run twice, and whether it is a lookup that runs nowhere.
	Load       string `json:"load,omitempty"`
	Meant      int64  `json:"meant,omitempty"`
	Deadline   int64  `json:"deadline,omitempty"`
	Idempotent bool   `json:"idempotent,omitempty"`
	Lookup     bool   `json:"lookup,omitempty"`
	// Everywhere: it is made at every instance.
	Everywhere bool `json:"everywhere,omitempty"`

	// Of the end of a call: "ok" or the error's code, its outcome and its words. Wrong: the
	// answer was another call's.
	Code    string `json:"code,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	Error   string `json:"error,omitempty"`
	Wrong   bool   `json:"wrong,omitempty"`

	// Of a request to the registry: what was asked, and at its end also what was answered.
	Registry *Request `json:"registry,omitempty"`

	// Of an execution: where. Of the end of a call: who said so, if anybody.
	Instance string `json:"instance,omitempty"`

	// Of the end of a stream at whoever took its items, caller or handler: how many came, and of those that
	// no error tells of how many were lost, came again or too late, and were another stream's.
	Items   int64 `json:"items,omitempty"`
	Lost    int64 `json:"lost,omitempty"`
	Doubled int64 `json:"doubled,omitempty"`
	Foreign int64 `json:"foreign,omitempty"`

	// Of the end of a call at every instance: what each answered.
	Answers []Answer `json:"answers,omitempty"`
}

// Request is what a client asked the registry of the only instance of a service.
type Request struct {
	Do      Verb   `json:"do"`
	Service string `json:"service"`
	Version string `json:"version,omitempty"` // to register, or that was found
	Missing bool   `json:"missing,omitempty"` // the answer was that there is nothing
}

// Verb is what a client asks of the registry.
type Verb string

// The verbs.
const (
	Register Verb = "register"
	End      Verb = "end"
	Renew    Verb = "renew"
	Find     Verb = "find"
)

// Answer is what one of several instances answered, by the words of an entry.
type Answer struct {
	Instance string `json:"instance"`
	Code     string `json:"code"`
	Outcome  string `json:"outcome"`
}

// OK is the code of a call that ended well.
const OK = "ok"

// Nanos returns a time as entries have it.
func Nanos(t time.Time) int64 { return t.UnixNano() }

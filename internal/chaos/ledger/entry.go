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

	// Of the end of a call: "ok" or the error's code, its outcome and its words. Wrong: the
	// answer was another call's.
	Code    string `json:"code,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	Error   string `json:"error,omitempty"`
	Wrong   bool   `json:"wrong,omitempty"`

	// Of an execution: where. Of the end of a call: who said so, if anybody.
	Instance string `json:"instance,omitempty"`
}

// OK is the code of a call that ended well.
const OK = "ok"

// Nanos returns a time as entries have it.
func Nanos(t time.Time) int64 { return t.UnixNano() }

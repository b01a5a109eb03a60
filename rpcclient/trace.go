package rpcclient

import (
	"time"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// Trace is told how a call went, for people who want to know where its time goes. Set
// [Invocation.Trace] before Do and read it afterwards, also after an error.
type Trace struct {
	// Subject is where the last attempt went, "" if there was none.
	Subject string
	// Instance is the instance that the last attempt was addressed to, or that had it, as its
	// answer or a heartbeat said; "": nobody knows.
	Instance string
	// Direct: the last attempt left by a direct link, not by NATS.
	Direct bool
	// Attempts is how often the call was sent.
	Attempts int
	// Sending is how long it took to hand the last attempt to the connection, Waiting how
	// long nobody answered from then on.
	Sending, Waiting time.Duration
	// Handling is how long the handler ran in that time, as its instance says: to the
	// microsecond, and 0 if it didn't run or no answer came.
	Handling time.Duration

	since time.Time // the last stage began
	hedge bool      // the answer to the second of two attempts counts
}

// leaves notes that an attempt is about to be sent. As of all methods here, the receiver
// is mostly nil.
func (t *Trace) leaves(to *link.Method) {
	if t == nil {
		return
	}
	t.goes(to)
	t.Sending, t.Waiting, t.Handling, t.Direct, t.hedge = 0, 0, 0, false, false
	t.Attempts++
	t.since = time.Now()
}

// goes notes where an attempt goes.
func (t *Trace) goes(to *link.Method) { t.Subject, t.Instance = to.Subject, to.Endpoint.Instance }

// left notes that it was sent.
func (t *Trace) left() {
	if t == nil {
		return
	}
	now := time.Now()
	t.Sending, t.since = now.Sub(t.since), now
}

// ended notes that it is over.
func (t *Trace) ended(attempt *link.Call, by *link.Dispatcher) {
	if t == nil {
		return
	}
	if !t.hedge {
		t.Direct = !by.LeftByBus(attempt)
	}
	if at := attempt.Addressed(); at != nil {
		t.goes(at)
	}
	t.Waiting = time.Since(t.since)
	if attempt.Instance != nil {
		t.Instance = attempt.Instance.Name
	}
}

// hedged notes that the call was sent a second time while the first ran.
func (t *Trace) hedged() {
	if t != nil {
		t.Attempts++
	}
}

// hedgeWon notes where the answer to that came from.
func (t *Trace) hedgeWon(second *link.Call, by *link.Dispatcher) {
	if t != nil {
		t.goes(second.To)
		t.Direct, t.hedge = !by.LeftByBus(second), true
	}
}

// handled takes in how long the handler ran, in microseconds as the answer says.
func (t *Trace) handled(micros uint64) {
	const most = uint64(wire.MaxTime / time.Microsecond)
	if t != nil {
		t.Handling = time.Duration(min(micros, most)) * time.Microsecond
	}
}

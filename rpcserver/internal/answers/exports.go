package answers

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/wire"
)

// A request from another account comes through a service export, with a reply subject of
// NATS's own that begins with _R_. An export of the default kind, singleton, takes one
// answer message for it. What comes after is dropped, without a word to anybody. So each
// message that came so is answered by one, unless it is known that the export takes more; see
// gathering.
//
// Which kind an export is, its server isn't told either. So once an answer has left on
// such a subject, a message is sent after it that NATS is to trace (ADR-41): where the
// export still takes answers, the trace shows it cross to the other account. If no more
// answers will come on that subject, the message is for the trace alone and delivered to
// nobody; else it holds nothing. One that doesn't cross may have found nobody who would
// take it, so that proves nothing until the same caller is heard again; see witnesses.
//
//	answers of a request ─▶ _R_.x.y ─┬▶ 1st: the caller
//	                                 ├▶ traced: crosses? ─ yes ─▶ takesAll
//	                                 │             └────── no ──▶ the caller calls again ─▶ takesOne: warn
//	                                 └▶ 2nd …: dropped, where it takes one

// Control stands in a service's place for requests on $SRV.>, which are for the whole server.
const Control = "$SRV"

// verdict is what is known of an export.
type verdict int

const (
	unknown  verdict = iota // nothing was found out yet
	hidden                  // examined, and it can't be seen from here
	takesAll                // of response type stream or chunked
	takesOne                // of response type singleton
)

// Exports knows what becomes of answers to requests from other accounts.
type Exports struct {
	nc        *nats.Conn
	counter   *atomic.Uint64 // of answers that were dropped
	warnings  *Warnings      // which are told what to set
	refusals  *Refusals
	witnesses witnesses
	stream    bool // exports take all answers, as the server is told

	mu      sync.Mutex
	closed  bool               // guarded by mu
	traces  int                // guarded by mu; of late answers, under way
	of      map[string]*export // guarded by mu; by what is asked for: a service, or $SRV
	running sync.WaitGroup     // examinations; none is added once closed is set
	life    context.Context    // ends with close
	end     context.CancelFunc
}

// export is what is known of one export. Its fields are guarded by Exports.mu.
type export struct {
	is       verdict
	looked   time.Time // when it was examined last
	looking  bool      // an examination is under way
	doubted  int       // answers that were dropped unless the export takes all
	revision uint64    // grows with each judgement
	// ends is how long after its request an answer was dropped, at least; 0: none was, or no more.
	ends     time.Duration
	lateness uint64 // grows when that changes
}

const (
	// maxTraces is how many late answers are traced at once.
	maxTraces = 8
	// lookSoon is how long after an examination that found out nothing there is no other.
	lookSoon = 50 * time.Millisecond
	// exportReply begins the reply subjects that NATS makes for requests through an export.
	exportReply = "_R_."
)

// NewExports returns what knows nothing yet. Counter counts answers that were dropped, stream says that exports take
// all answers, and mark puts a mark in line behind all that has come.
func NewExports(nc *nats.Conn, counter *atomic.Uint64, warnings *Warnings, refusals *Refusals, stream bool, mark func(ctx context.Context, reached func()) error) *Exports {
	x := &Exports{nc: nc, counter: counter, warnings: warnings, refusals: refusals, stream: stream, witnesses: witnesses{mark: mark}, of: make(map[string]*export)}
	x.life, x.end = context.WithCancel(context.Background())
	return x
}

// Heard is told of each message that came through an export, and of the clock of the client that
// sent it; 0: it doesn't say.
func (x *Exports) Heard(clock uint64) { x.witnesses.heard(clock) }

// Knows reports whether it was found out of what kind the export of what is asked for is. Tests wait for it.
func (x *Exports) Knows(what string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.of[what]
	return e != nil && e.is != unknown && !e.looking
}

// IsExported reports whether a request came through a service export.
func IsExported(reply string) bool { return strings.HasPrefix(reply, exportReply) }

// Answered takes note of a message of answers on an export's reply subject: whose clock the caller
// has there, the nth one, and whether it is the last.
func (x *Exports) Answered(what, reply string, clock uint64, nth int, last bool) {
	if x.refusals.Denies(kindOf(exportReply)) {
		return // NATS refuses what is too much, and tells of each
	}
	x.warn(what, x.note(what, reply, clock, nth, last))
}

// takeOne reports whether requests for a service, or for $SRV, are to be answered by one
// message, as nobody knows that their export takes more.
func (x *Exports) takeOne(what string) bool {
	if x.stream {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.of[what]
	return e == nil || e.is != takesAll
}

// exportLocked returns what is known of an export.
func (x *Exports) exportLocked(what string) *export {
	e := x.of[what]
	if e == nil {
		e = new(export)
		x.of[what] = e
	}
	return e
}

// note counts an answer that may be dropped, and has the export examined if that is due.
func (x *Exports) note(what, reply string, clock uint64, nth int, last bool) (found judgement) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.exportLocked(what)
	if nth > 1 && e.is != takesAll {
		e.doubted++
		found = x.judgeLocked(what, e)
	}
	pause := lookAgain
	if e.is == unknown {
		pause = lookSoon
	}
	if time.Since(e.looked) < pause || e.looking || x.closed || nth == 1 && !last {
		return found
	}
	e.looking = true
	off := x.refusals.probing(reply)
	x.running.Go(func() {
		is, err := x.examine(reply, last)
		x.refusals.settled(x.life) // the trace may tell of a refusal before NATS does
		off()
		x.warn(what, x.learn(what, e, clock, is, err))
	})
	return found
}

// learn takes note of what an examination of an answer to the caller with a clock has found.
func (x *Exports) learn(what string, e *export, clock uint64, is verdict, err error) (found judgement) {
	if err == nil && is == takesOne {
		x.suspect(what, e, clock)
		return found
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	e.looking, e.looked = false, time.Now()
	if err != nil || is == hidden && e.is != unknown {
		return found // another request may tell; and what was found holds until it is found otherwise
	}
	e.is = is
	return x.judgeLocked(what, e)
}

// suspect takes an export for one that takes one answer once the caller with a clock calls again.
// Until then what was found holds.
func (x *Exports) suspect(what string, e *export, clock uint64) {
	x.mu.Lock()
	e.looking, e.looked = false, time.Now()
	revision := e.revision
	x.mu.Unlock()
	x.await(clock, func() {
		x.mu.Lock()
		var found judgement
		if e.revision == revision { // else it was found to be another kind since, or this one
			e.is = takesOne
			found = x.judgeLocked(what, e)
		}
		x.mu.Unlock()
		x.warn(what, found)
	})
}

// await has proven run, beside whoever receives, once the caller with a clock is heard again.
func (x *Exports) await(clock uint64, proven func()) {
	x.witnesses.await(x.life, clock, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		if !x.closed {
			x.running.Go(proven)
		}
	})
}

// judgement is what is to be said of an export now.
type judgement struct {
	message  string // "" if nothing is wrong
	revision uint64 // see warnings.tell; 0: there is nothing to be said
}

// judgeLocked counts the answers that are known to be dropped, and says what to set.
func (x *Exports) judgeLocked(what string, e *export) judgement {
	message := ""
	switch e.is {
	case unknown, hidden:
		return judgement{}
	case takesOne:
		x.counter.Add(uint64(e.doubted))
		message = takesOneOnly(what)
	}
	e.doubted = 0
	e.revision++
	return judgement{message, e.revision}
}

// warn says what is wrong with an export; not under the lock, as it logs.
func (x *Exports) warn(what string, found judgement) {
	if found.revision > 0 {
		x.warnings.tell(warningKey{WarningDropped, serviceOf(what)}, found.revision, found.message)
	}
}

// takesOneOnly says what to set on an export that takes one answer.
func takesOneOnly(what string) string {
	return "requests for " + what + " come through another account's import of a service export with the response type singleton, the default, which takes one answer message a request. " +
		"So all calls of a message are answered together, when the last one has ended, and new callers send each call in a message of its own, " +
		"which costs some speed. Set response_type: stream on the export"
}

// serviceOf returns the service whose records tell of an export, "" for all.
func serviceOf(what string) string {
	if what == Control {
		return ""
	}
	return what
}

// examine finds out whether an export takes more than one answer: it sends a message to a reply
// subject and reads in its trace what became of it.
func (x *Exports) examine(reply string, last bool) (verdict, error) {
	t, err := x.follow()
	if err != nil {
		return hidden, err
	}
	defer t.end()
	msg := &nats.Msg{Subject: reply, Header: t.header}
	if last {
		msg.Header.Set("Nats-Trace-Only", "true")
	}
	msg.Data = wire.AppendNothing(wire.AppendMessageHeader(nil))
	if err := x.nc.PublishMsg(msg); err != nil {
		return hidden, err
	}
	return x.read(t)
}

// follow returns a trace for a message that is to be published.
func (x *Exports) follow() (*trace, error) { return followTrace(x.nc, x.refusals) }

// read reads in a trace whether its message crossed to the other account: takesAll. It didn't where
// the export takes no more: takesOne; nor where nobody was there to take it.
func (x *Exports) read(t *trace) (verdict, error) {
	switch crossed, known, err := t.read(x.life); {
	case !known:
		return hidden, err
	case crossed:
		return takesAll, nil
	}
	return takesOne, nil
}

// late is told of an answer that is about to leave long after its request, when NATS may take it no
// more, to the caller with a clock. It returns the headers by which that is traced, as far as not
// many are already.
func (x *Exports) late(what string, clock uint64, nth int, after time.Duration) nats.Header {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.exportLocked(what)
	switch {
	case x.closed || nth > 1 && e.is != takesAll: // else another fault would be taken for this one
		return nil
	case x.traces == maxTraces:
		if e.ends > 0 && after >= e.ends {
			x.counter.Add(1)
		}
		return nil
	}
	t, err := x.follow()
	if err != nil {
		return nil // the connection is closed
	}
	x.traces++
	x.running.Go(func() {
		is, err := x.read(t)
		t.end()
		x.mu.Lock()
		x.traces--
		x.mu.Unlock()
		switch {
		case err != nil:
		case is == takesAll:
			x.arrived(what, e, after)
		case is == takesOne:
			x.await(clock, func() { x.dropped(what, e, after) })
		}
	})
	return t.header
}

// arrived takes in that a late answer has crossed to the other account.
func (x *Exports) arrived(what string, e *export, after time.Duration) {
	x.mu.Lock()
	wrong := e.ends > 0 && after >= e.ends
	if wrong {
		e.ends = 0
		e.lateness++
	}
	revision := e.lateness
	x.mu.Unlock()
	if wrong {
		x.warnings.tell(warningKey{WarningLate, serviceOf(what)}, revision, "")
	}
}

// dropped takes in that a late answer hasn't, though its caller was there, and says what to set.
func (x *Exports) dropped(what string, e *export, after time.Duration) {
	x.mu.Lock()
	x.counter.Add(1)
	news := isNews(after, e.ends)
	if news {
		e.ends = after
		e.lateness++
	}
	revision := e.lateness
	x.mu.Unlock()
	if news {
		x.warnings.tell(warningKey{WarningLate, serviceOf(what)}, revision, droppedLate(what, after))
	}
}

// Close ends the examinations.
func (x *Exports) Close() {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.end()
	x.running.Wait()
}

package answers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
)

// A server whose user may answer only by NATS's allow_responses may publish so many messages
// for each that came, one by default, while calls that share a message and end at different
// times are answered by several. NATS refuses the rest, long after they were published. So such
// a server answers each message by one; see gathering.
//
// Whether it has to it finds out by probing, when it starts and when callers of the other kind
// of inbox come, with a message to an inbox that is nobody's: NATS refuses it exactly where it
// would refuse an answer that allow_responses doesn't cover. And it hears which answers are
// refused:
//
//	probe "_INBOX.<nobody>" ─┐                             ┌─ a probe: may not, whoever calls
//	answer ──────────────────┴▶ NATS ─▶ refusal ─▶ hear ──┼─ an answer of this server: count, may not there
//	                                                       └─ somebody else's on the connection
//
// That an answer was refused says nothing of other callers, as callers choose where answers go: who
// could have all of them taken for ones that NATS refuses would have the server send no heartbeats.

// Refusals knows which inboxes NATS lets the server publish to.
type Refusals struct {
	nc       *nats.Conn
	counter  *atomic.Uint64            // of answers that were refused
	warnings *Warnings                 // which are told what to set
	caller   func(subject string) bool // reports whether a subject is that of a known caller
	lately   *natsperm.Lately          // the reply subjects of all other answers
	late     lateAnswers

	mu       sync.Mutex
	watch    *natsperm.Watch  // guarded by mu; nil before Start and after Shutdown
	denied   map[string]bool  // guarded by mu; the kinds of inboxes met so far, and groups of them, and whether answers there are refused
	groups   int              // guarded by mu; how many of denied are groups
	found    map[string]bool  // guarded by mu; of denied, those that were refused since all were probed last
	revision uint64           // guarded by mu; of denied
	probes   map[string]probe // guarded by mu; by subject
	ignored  map[string]bool  // guarded by mu; the subjects on which a refusal means nothing
	probed   time.Time        // guarded by mu; when all were probed
	doubted  time.Time        // guarded by mu; when a kind was probed as an answer was refused
	ends     time.Duration    // guarded by mu; how long after its request an answer was refused at least, roughly; 0: none was
	lateness uint64           // guarded by mu; the revision of what is known of late answers
}

// probe is a message that NATS refuses where it would refuse answers.
type probe struct {
	of     string // the kind or group of inboxes that a refusal is about
	madeUp bool   // its subject is nobody's
}

const (
	// lookAgain is how long what was found wrong is believed, before it is looked at again.
	lookAgain = time.Minute
	// settleTime bounds the wait for NATS's word. It takes a round trip.
	settleTime = 5 * time.Second
	// maxGroups is how many groups of inboxes are known; what is refused in others is only counted.
	maxGroups = 256
	// doubtAgain is how long after an answer was refused its kind isn't probed for another one.
	doubtAgain = time.Second
)

// PlainInbox is the kind of inbox of every caller of the server's own account.
const PlainInbox = "_INBOX"

// NewRefusals returns what knows nothing yet. Counter counts answers that were refused, and caller reports whether a
// subject is that of a known caller.
func NewRefusals(nc *nats.Conn, counter *atomic.Uint64, warnings *Warnings, caller func(subject string) bool) *Refusals {
	return &Refusals{
		nc: nc, counter: counter, warnings: warnings, caller: caller, lately: natsperm.NewLately(),
		denied: make(map[string]bool), found: make(map[string]bool), probes: make(map[string]probe), ignored: make(map[string]bool),
	}
}

// Open begins to listen, and returns once it is known whether the server may publish to
// inboxes.
func (r *Refusals) Open(ctx context.Context) {
	watch := natsperm.Listen(r.nc, r.hear)
	r.mu.Lock()
	r.watch = watch
	r.probed = time.Now()
	r.mu.Unlock()
	r.Meet(PlainInbox + ".")
	_ = settle(ctx, watch) // if the connection is down, what is refused is heard later
}

// settle returns once everything that NATS refused so far was heard. It fails if the
// connection is down.
func settle(ctx context.Context, watch *natsperm.Watch) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	return watch.Settle(ctx)
}

// settled returns once everything that NATS refused so far was heard, or can't be.
func (r *Refusals) settled(ctx context.Context) {
	r.mu.Lock()
	watch := r.watch
	r.mu.Unlock()
	if watch != nil {
		_ = settle(ctx, watch)
	}
}

// Close ends what Open began.
func (r *Refusals) Close() {
	r.mu.Lock()
	watch := r.watch
	r.watch = nil
	r.mu.Unlock()
	if watch != nil {
		watch.Stop()
	}
}

// kindOf returns the first token of an inbox: _INBOX, or _R_ of callers of other accounts.
func kindOf(inbox string) string {
	kind, _, _ := strings.Cut(inbox, ".")
	return kind
}

// groupOf returns the first two tokens of an inbox: those of all inboxes of a user, _INBOX.<user>, or
// of one client.
func groupOf(inbox string) string {
	kind, rest, _ := strings.Cut(inbox, ".")
	group, _, _ := strings.Cut(rest, ".")
	return kind + "." + group
}

// Meet reports whether answers to inboxes of the kind of this one, or of its group, are refused but
// for one message each. If nothing is known of the kind, it finds that out.
func (r *Refusals) Meet(inbox string) (denied bool) {
	kind := kindOf(inbox)
	r.mu.Lock()
	_, known := r.denied[kind]
	if known || r.watch == nil {
		denied = r.deniesLocked(kind, inbox)
		r.mu.Unlock()
		return denied
	}
	r.denied[kind] = false
	madeUp := r.makeUpLocked(kind)
	r.mu.Unlock()
	r.probe(madeUp)
	return false
}

// makeUpLocked makes up inboxes of a kind, or of a group: of the three depths that callers have,
// those with a name and those without, as a permission may be for one of them.
func (r *Refusals) makeUpLocked(of string) []string {
	subject := of + "." + wire.NewInstance()
	subjects := []string{subject, subject + ".+", subject + "." + wire.NewInstance() + ".+"}
	for _, subject := range subjects {
		r.probes[subject] = probe{of, true}
	}
	return subjects
}

func (r *Refusals) probe(madeUp []string) {
	// Should somebody be there all the same, the message holds nothing.
	nothing := wire.AppendNothing(wire.AppendMessageHeader(nil))
	for _, subject := range madeUp {
		// It fails if the connection is down; once it is back, all kinds are probed again.
		_ = r.nc.Publish(subject, nothing)
	}
}

// hear is told of every refusal on the connection.
func (r *Refusals) hear(refusal error) (own bool) {
	subject, ok := natsperm.Publish(refusal)
	if !ok {
		return false
	}
	answer := r.caller(subject) || r.lately.Has(subject)
	r.mu.Lock()
	probe, own := r.probes[subject]
	var madeUp []string
	switch {
	case r.ignored[subject]:
		r.mu.Unlock()
		return true
	case own:
		delete(r.probes, subject)
		r.denyLocked(probe.of)
	case answer:
		madeUp = r.refusedLocked(subject)
	default:
		r.mu.Unlock()
		return false
	}
	r.revision++
	revision, message := r.revision, r.messageLocked()
	r.mu.Unlock()
	if !own {
		r.counter.Add(1)
		r.tooLate(subject)
	}
	r.warnings.tell(warningKey{reason: WarningLimited}, revision, message)
	r.probe(madeUp)
	return own
}

// tooLate says what to set if the answer that was refused on a subject was a late one.
func (r *Refusals) tooLate(subject string) {
	after := r.late.take(subject)
	if after == 0 {
		return
	}
	r.mu.Lock()
	news := isNews(after, r.ends)
	if news {
		r.ends = after
		r.lateness++
	}
	lateness := r.lateness
	r.mu.Unlock()
	if news {
		r.warnings.tell(warningKey{reason: WarningLate}, lateness, refusedLate(after, kindOf(subject)))
	}
}

// refusedLocked takes in that an answer was refused, and returns where to look whether all of its
// kind are.
func (r *Refusals) refusedLocked(subject string) (probe []string) {
	kind, group := kindOf(subject), groupOf(subject)
	if r.denied[kind] {
		return nil
	}
	if r.denied[group] || r.groups < maxGroups {
		r.denyLocked(group)
	}
	if time.Since(r.doubted) < doubtAgain {
		return nil
	}
	r.doubted = time.Now()
	return r.makeUpLocked(kind)
}

// denyLocked takes note that answers to inboxes of a kind, or of a group, are refused.
func (r *Refusals) denyLocked(of string) {
	if !r.denied[of] && of != kindOf(of) {
		r.groups++
	}
	r.denied[of], r.found[of] = true, true
}

// probing is told of a subject before something other than an answer is published there: if
// NATS refuses that, no answer is lost. The subject is for answers again once it is called off.
func (r *Refusals) probing(subject string) (off func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.probes[subject] = probe{of: kindOf(subject)}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.probes, subject)
	}
}

// ignore has refusals on a subject ignored, until it is called off.
func (r *Refusals) ignore(subject string) (off func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ignored[subject] = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.ignored, subject)
	}
}

// Denies reports whether answers to an inbox, or to all of a kind, are known to be refused.
func (r *Refusals) Denies(inbox string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.deniesLocked(kindOf(inbox), inbox)
}

func (r *Refusals) deniesLocked(kind, inbox string) bool {
	return r.denied[kind] || r.groups > 0 && r.denied[groupOf(inbox)]
}

// messageLocked says what to set, "" if nothing is wrong.
func (r *Refusals) messageLocked() string {
	var kinds []string
	for of, denied := range r.denied {
		if kind := kindOf(of) + ".>"; denied && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if kinds == nil {
		return ""
	}
	slices.Sort(kinds)
	return fmt.Sprintf("this server's user may not publish to %s, or only as many answers a request as allow_responses permits; "+
		"so all calls of a message are answered together, when the last one has ended, and new callers send each call in a message of its own, "+
		"which costs some speed. Allow the user to publish to %s; not allow_responses with max: -1, "+
		"for which NATS keeps every reply subject and looks through them again and again", strings.Join(kinds, ", "), quoted(kinds))
}

// Look probes all kinds and groups of inboxes again, if some were denied or the connection is a new one:
// somebody may have changed the permissions.
func (r *Refusals) Look(ctx context.Context, reconnected bool) {
	r.mu.Lock()
	watch, before := r.watch, r.denied
	wrong := false
	for _, denied := range before {
		wrong = wrong || denied
	}
	if watch == nil || !reconnected && (!wrong || time.Since(r.probed) < lookAgain) {
		r.mu.Unlock()
		return
	}
	r.probed = time.Now()
	r.found = make(map[string]bool)
	maps.DeleteFunc(r.probes, func(_ string, p probe) bool { return p.madeUp })
	var madeUp []string
	for of := range before {
		madeUp = append(madeUp, r.makeUpLocked(of)...)
	}
	r.mu.Unlock()
	r.probe(madeUp)
	if settle(ctx, watch) != nil {
		return // nobody knows yet what was refused, so what was known before stands
	}
	r.mu.Lock()
	for of := range r.denied {
		switch {
		case r.found[of] || of == kindOf(of):
			r.denied[of] = r.found[of]
		default:
			delete(r.denied, of)
			r.groups--
		}
	}
	r.revision++
	revision, message := r.revision, r.messageLocked()
	if message == "" {
		r.ends = 0
		r.lateness++
	}
	lateness := r.lateness
	r.mu.Unlock()
	r.warnings.tell(warningKey{reason: WarningLimited}, revision, message)
	if message == "" {
		r.warnings.tell(warningKey{reason: WarningLate}, lateness, "") // nor is any answer too late
	}
}

// Publish sends an answer that isn't one of a known caller's.
func (r *Refusals) Publish(msg *nats.Msg) error {
	r.lately.Add(msg.Subject)
	return r.nc.PublishMsg(msg)
}

// quoted puts kinds of inboxes into a message.
func quoted(kinds []string) string {
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("%q", kind)
	}
	return strings.Join(kinds, ", ")
}

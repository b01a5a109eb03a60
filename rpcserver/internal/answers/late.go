package answers

import (
	"fmt"
	"sync"
	"time"
)

// NATS takes answers for a time only: by allow_responses until its expires has passed since the
// request, through another account's import until the response_threshold of the export has. The
// former is told like any refusal, of the latter a trace tells; see refusals and exports. Neither
// says how long that time is.

// lateAnswers remembers the latest answers that left long after their messages had come. Its zero
// value is empty.
type lateAnswers struct {
	mu     sync.Mutex
	latest [256]lateAnswer // guarded by mu; in a ring
	next   int             // guarded by mu
}

type lateAnswer struct {
	reply string // "": none
	after time.Duration
}

// add takes note of the reply subject of an answer that leaves.
func (l *lateAnswers) add(reply string, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest[l.next%len(l.latest)] = lateAnswer{reply, after}
	l.next++
}

// take returns how long after its message an answer left on a subject, and forgets it; 0: it wasn't
// late.
func (l *lateAnswers) take(reply string) (after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.latest {
		if l.latest[i].reply == reply {
			after, l.latest[i] = l.latest[i].after, lateAnswer{}
			return after
		}
	}
	return 0
}

// refusedLate says what to set where NATS refused an answer so long after its request.
func refusedLate(after time.Duration, inbox string) string {
	return fmt.Sprintf("NATS refused an answer that left %v after its request; it takes none later than expires of allow_responses, two minutes if that isn't set. "+
		"The callers of such calls hear nothing, and wait until their deadlines. Set expires to more than the longest deadline of a call, or allow the user to publish to %s.>", rounded(after), inbox)
}

// droppedLate says what to set where NATS dropped an answer so long after its request.
func droppedLate(what string, after time.Duration) string {
	return fmt.Sprintf("NATS dropped an answer that left %v after its request; requests for %s come through another account's import of a service export, which takes none later than its response_threshold, two minutes if that isn't set. "+
		"The callers of such calls hear nothing, and wait until their deadlines. Set response_threshold to more than the longest deadline of a call", rounded(after), what)
}

// isNews reports whether it is worth saying that an answer was lost so long after its request, when the
// least that is known is so long; 0: none was lost.
func isNews(after, known time.Duration) bool { return known == 0 || after < known*9/10 }

func rounded(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }

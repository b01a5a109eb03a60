package stream

import (
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// lullBegins is how long nothing has to leave before the other end is told what has. Until it is told again it
	// is twice as long each time, up to longestLull.
	lullBegins  = time.Second
	longestLull = 8 * time.Second
	// mostTold is how often it is told where nobody waits for credit.
	mostTold = 3
)

// lull is the time in which nothing leaves a sender: what did before may have got lost without a word, and so
// may the credit that it waits for. The sender's mutex guards it.
type lull struct {
	timer *time.Timer // nil: there was none yet
	runs  bool        // it does, or what it calls
	ended bool        // it doesn't run any more
	next  time.Duration
	told  int          // how often the other end was told since more has left
	seen  wire.Account // of the sender, when it was looked at last
}

// begin has look called when nothing has left for a while.
func (l *lull) begin(look func()) {
	switch {
	case l.ended, l.runs && l.told == 0:
	case l.timer == nil:
		l.next, l.runs = lullBegins, true
		l.timer = time.AfterFunc(l.next, look)
	default:
		l.beginAnew()
	}
}

// beginAnew has the other end told after the shortest time.
func (l *lull) beginAnew() {
	l.next, l.told, l.runs = lullBegins, 0, true
	l.reset()
}

// goOn has the other end told once more, later, as long as that is wanted.
func (l *lull) goOn(wanted bool) {
	l.told++
	l.next = min(2*l.next, longestLull)
	if l.runs = wanted || l.told < mostTold; l.runs {
		l.reset()
	}
}

func (l *lull) reset() {
	if !l.ended {
		l.timer.Reset(l.next)
	}
}

// pause has nobody told until it begins again.
func (l *lull) pause() {
	l.runs = false
	if l.timer != nil {
		l.timer.Stop()
	}
}

// end has nobody told any more.
func (l *lull) end() {
	l.ended = true
	l.pause()
}

// moved reports whether an account is another than that of the last look.
func (l *lull) moved(now wire.Account) bool {
	before := l.seen
	l.seen = now
	return now != before
}

// insistence says something again, ever less often and mostTold times at most, until it is ended.
type insistence struct {
	mu   sync.Mutex
	lull lull // guarded by mu
}

func (i *insistence) begin(say func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lull.begin(func() {
		i.mu.Lock()
		runs := i.lull.runs
		if runs {
			i.lull.goOn(false)
		}
		i.mu.Unlock()
		if runs {
			say()
		}
	})
}

func (i *insistence) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lull.end()
}

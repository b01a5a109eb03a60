package retries

import (
	"errors"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// ForLoad decides whether calls of a method that were refused for load are made again: as long
// as mostly that helps. It does if another instance has room, or if a burst is over soon. Where all
// instances have more to do than they can, a call that is made again takes the place of another one,
// and its caller has waited all the longer.
//
// Its zero value is of a method of which none was refused yet.
type ForLoad struct {
	mu    sync.Mutex
	vain  float64   // guarded by mu; the part of the retries after which calls were refused for load again, lately
	at    time.Time // guarded by mu; when that was seen last
	tried time.Time // guarded by mu; when one was made last though that was too many
}

const (
	// vainRetries is the part of the retries that may be in vain, and vainMemory how many count.
	vainRetries = 0.45
	vainMemory  = 16
	// vainFor is how long they count, and vainPause how long it takes until one more is made.
	vainFor   = 5 * time.Second
	vainPause = time.Second
)

// May reports whether a call with such an error, for load, may be made again. Elsewhere says that there
// may be another instance for it.
func (l *ForLoad) May(e *helium.Error, elsewhere bool, now time.Time) bool {
	if waited, _ := wire.Waited(e); waited >= wire.LongWait && !elsewhere {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case now.Sub(l.at) >= vainFor:
		l.vain = 0
	case l.vain > vainRetries && now.Sub(l.tried) < vainPause:
		return false
	}
	l.tried = now
	return true
}

// Made takes in how one ended that was made again.
func (l *ForLoad) Made(e *helium.Error, now time.Time) {
	vain := 0.0
	if IsForLoad(e) {
		vain = 1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.vain += (vain - l.vain) / vainMemory
	l.at = now
}

// IsForLoad reports whether a call was refused for load. e may be nil.
func IsForLoad(e *helium.Error) bool {
	return e != nil && e.Outcome == helium.NotExecuted && errors.Is(e, helium.ErrOverloaded)
}

package directory

import (
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// record is what the directory knows of one instance.
type record struct {
	version   *Version
	perMethod bool
	abilities wire.Abilities
	cluster   string
	told      observed // the event that told of it; zero: a lookup did
}

// binderLag is how far behind another binder may be: its answer doesn't overrule
// an event that came so shortly before.
const binderLag = 10 * time.Second

// observed is an event of the registry: when it came, and the revision that it told of.
type observed struct {
	at       time.Time
	revision uint64
}

// overrules reports whether an event stands against the answer to a lookup that began
// at a certain time: the event came later, or from a binder that was ahead.
func (o observed) overrules(began time.Time, answer uint64, now time.Time) bool {
	return !o.at.IsZero() && (!o.at.Before(began) || o.revision > answer && now.Sub(o.at) < binderLag)
}

package natsperm

import (
	"hash/maphash"
	"sync/atomic"
)

// latelyKept is how many subjects a Lately remembers: those of some milliseconds under
// the highest load, and NATS refuses within a round trip.
const latelyKept = 4096

// Lately remembers the subjects that were published to last, so that a refusal can be told
// from those of others on the same connection. It is safe for concurrent use, and costs
// little enough to be told of every message.
type Lately struct {
	seed maphash.Seed
	next atomic.Uint64
	kept []atomic.Uint64 // hashes; 0: none
}

// NewLately returns one that remembers nothing yet.
func NewLately() *Lately {
	return &Lately{seed: maphash.MakeSeed(), kept: make([]atomic.Uint64, latelyKept)}
}

// Add remembers a subject, and forgets the oldest one.
func (l *Lately) Add(subject string) {
	l.kept[l.next.Add(1)%latelyKept].Store(l.hash(subject))
}

// Has reports whether a subject was added lately.
func (l *Lately) Has(subject string) bool {
	hash := l.hash(subject)
	for i := range l.kept {
		if l.kept[i].Load() == hash {
			return true
		}
	}
	return false
}

func (l *Lately) hash(subject string) uint64 { return maphash.String(l.seed, subject) | 1 }

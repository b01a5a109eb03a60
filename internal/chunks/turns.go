package chunks

import "sync"

const (
	// AtOnce is of how many values parts come at once; others wait for their turn. A NATS server
	// breaks the connection of a client with more than 64 MiB that it hasn't read.
	AtOnce = 16
	// AtOnceOfOne is how many of these may be one sender's: one that announces values and sends nothing holds
	// up no others.
	AtOnceOfOne = AtOnce * 3 / 4
)

// Turns are for the values of which parts come at once.
type Turns chan struct{}

// NewTurns returns the turns of one end.
func NewTurns() Turns { return make(Turns, AtOnce) }

// Leave lets the next one have a turn.
func (t Turns) Leave() { <-t }

// Shares are how many turns each of those may have whose values come to one end. Its zero value is ready.
type Shares struct {
	mu sync.Mutex
	of map[string]Turns // guarded by mu; by the sender's name
}

// Of returns the share of one of them. Who has one of that waits for one of the turns.
func (s *Shares) Of(sender string) Turns {
	s.mu.Lock()
	defer s.mu.Unlock()
	share := s.of[sender]
	if share == nil {
		share = make(Turns, AtOnceOfOne)
		if s.of == nil {
			s.of = make(map[string]Turns)
		}
		s.of[sender] = share
	}
	return share
}

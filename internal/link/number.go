package link

import "math/rand/v2"

// unguessable returns a number to name a call or a message by, never 0. Whoever has seen any
// others knows nothing of it: they come from the generator of the process, whose state nobody
// outside learns from what it gives. So who names a call was sent it. Of a call's number the last
// bits say something else; see inFlight.enter.
func unguessable() uint64 {
	for {
		if n := rand.Uint64(); n != 0 {
			return n
		}
	}
}

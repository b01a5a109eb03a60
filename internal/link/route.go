package link

import (
	"math/rand/v2"
	"sync"
	"time"
)

// routes are those that messages took since links came, went or reached something else last, or
// the registry said something new. Those to what nobody keeps are found anew each time: strangers may
// name any number of endpoints and methods.
type routes struct {
	mu    sync.RWMutex
	known map[destination]*route // guarded by mu
}

// destination is where a message goes: to an endpoint, with calls of one method or "" of several.
type destination struct {
	to     *Endpoint
	method string
}

// isKept reports whether the next message to there is one to the same.
func (d destination) isKept() bool {
	return d.to.kept.Load() && (d.method == "" || d.to.known(d.method) != nil)
}

// get returns a route, one made by newRoute the first time.
func (all *routes) get(to destination, newRoute func(destination) *route) *route {
	all.mu.RLock()
	r := all.known[to]
	all.mu.RUnlock()
	if r != nil {
		return r
	}
	r = newRoute(to)
	if !to.isKept() {
		return r
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.known == nil {
		all.known = make(map[destination]*route)
	}
	all.known[to] = r
	return r
}

// route is by which links messages can get to a destination, and to whom else.
type route struct {
	links      []*Receiver
	unlinked   []string    // instances that no link leads to; messages may be addressed to them
	far        int         // how many more there are to which the queue group may lead, as NATS likes
	addressing *addressing // whether messages may be addressed; nil where there is nobody unlinked
}

// spread is how much of what is for unlinked instances, one in so many, the queue group gets all the same:
// it leads to instances that the registry doesn't know, too.
const spread = 16

// choose returns the link of a message that was begun at a certain time; nil: the bus, to the instance that
// it returns as well, or "" for any. Each instance has the same share, one that no link leads to by the
// bus where that works. Among the links it takes the one of two random ones by which an answer is to be
// expected sooner.
func (r *route) choose(busWorks bool, began time.Time) (by *Receiver, instance string) {
	n, unlinked := len(r.links), len(r.unlinked)
	if n == 0 {
		return nil, ""
	}
	if all := n + unlinked + r.far; all > n && busWorks {
		if rand.IntN(spread*all) < unlinked {
			return nil, ""
		}
		switch i := rand.IntN(all) - n; {
		case i >= unlinked:
			return nil, ""
		case i >= 0:
			return nil, r.unlinked[i]
		}
	}
	if n == 1 {
		return r.links[0], ""
	}
	i, j := rand.IntN(n), rand.IntN(n-1)
	if j >= i {
		j++
	}
	if began.IsZero() {
		began = time.Now()
	}
	if one, other := r.links[i], r.links[j]; other.carrier.load(began) < one.carrier.load(began) {
		return other, ""
	}
	return r.links[i], ""
}

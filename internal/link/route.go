package link

import (
	"math/rand/v2"
	"sync"
	"time"
)

// routes are those that messages took since links came, went or reached something else last, or
// the registry said something new.
type routes struct {
	mu    sync.RWMutex
	known map[destination]*route // guarded by mu
}

// destination is where a message goes: to an endpoint, with calls of one method or "" of several.
type destination struct {
	to     *Endpoint
	method string
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
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.known == nil {
		all.known = make(map[destination]*route)
	}
	all.known[to] = r
	return r
}

// route is by which links messages can get to a destination, beside the bus.
type route struct {
	links     []*Receiver
	instances int // that messages can get to, by whatever link
}

// choose returns the link of a message that was begun at a certain time; nil: the bus. Instances
// that no link leads to keep their share, by the bus where that works. Of the links it takes the one
// of two random ones by which an answer is to be expected sooner.
func (r *route) choose(busWorks bool, began time.Time) *Receiver {
	n := len(r.links)
	switch {
	case n == 0 || r.instances > n && busWorks && rand.IntN(r.instances) >= n:
		return nil
	case n == 1:
		return r.links[0]
	}
	i, j := rand.IntN(n), rand.IntN(n-1)
	if j >= i {
		j++
	}
	if began.IsZero() {
		began = time.Now()
	}
	if one, other := r.links[i], r.links[j]; other.carrier.load(began) < one.carrier.load(began) {
		return other
	}
	return r.links[i]
}

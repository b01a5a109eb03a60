package rpcserver

import (
	"sync"

	"github.com/helium-rpc/helium"
)

// A one-way call that can't be run has nobody who could be told: neither that its method
// isn't here, as its caller goes by old knowledge, nor that there is no room for it. So the
// first one of each kind is logged, and all are counted.

// unheardReasons are the kinds that were logged.
type unheardReasons struct {
	mu     sync.Mutex
	logged map[string]bool // guarded by mu; by the error's reason
}

// maxUnheardReasons bounds them, as interceptors may make up reasons.
const maxUnheardReasons = 32

// unheard takes note that calls aren't run and that nobody hears why.
func (s *Server) unheard(why *helium.Error) {
	s.counters.unheard.Add(1)
	r := &s.unheardReasons
	r.mu.Lock()
	first := !r.logged[why.Reason] && len(r.logged) < maxUnheardReasons
	if first {
		if r.logged == nil {
			r.logged = make(map[string]bool)
		}
		r.logged[why.Reason] = true
	}
	r.mu.Unlock()
	if first {
		s.log.Warn("a one-way call isn't run, and its caller doesn't hear of it; from now on those with this reason are only counted", "instance", s.instance, "reason", why)
	}
}

package rpcserver

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/helium-rpc/helium"
)

// unheard takes note of one-way calls that can't be run. Nobody could be told: neither that
// the method isn't here, as the caller goes by old knowledge, nor that there is no room for
// the call. So the first one of each kind is logged, and all are counted.
type unheard struct {
	log      *slog.Logger
	instance string
	count    *atomic.Uint64

	mu     sync.Mutex
	logged map[string]bool // guarded by mu; by the error's reason
}

// maxUnheardReasons bounds what is logged, as interceptors may make up reasons.
const maxUnheardReasons = 32

func newUnheard(log *slog.Logger, instance string, count *atomic.Uint64) *unheard {
	return &unheard{log: log, instance: instance, count: count, logged: make(map[string]bool)}
}

// note takes note that a call, or all of a message, isn't run and that nobody hears why.
func (u *unheard) note(why *helium.Error) {
	u.count.Add(1)
	u.mu.Lock()
	first := !u.logged[why.Reason] && len(u.logged) < maxUnheardReasons
	if first {
		u.logged[why.Reason] = true
	}
	u.mu.Unlock()
	if first {
		u.log.Warn("a one-way call isn't run, and its caller doesn't hear of it; from now on those with this reason are only counted", "instance", u.instance, "reason", why)
	}
}

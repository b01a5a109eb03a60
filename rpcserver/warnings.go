package rpcserver

import (
	"cmp"
	"slices"
	"sync"

	"github.com/helium-rpc/helium/binder"
)

// Some set-ups lose answers without anybody's call failing at once: see refusals and
// exports. What a server finds out about its own stands in four places, so that somebody
// reads it before a caller waits in vain: in the log, once; in the answers on $SRV.STATS
// and $SRV.INFO; in Warnings; and in its records, where helium why, doctor and describe
// look.

// Reasons of the warnings that a server finds out about itself.
const (
	// WarningAnswersLimited: NATS lets the server answer only as far as allow_responses
	// permits, so of several answers to one message of calls some are refused.
	WarningAnswersLimited = "helium.answers_limited"
	// WarningAnswersDropped: requests come through another account's import of a service
	// export that takes one answer a request and drops the rest.
	WarningAnswersDropped = "helium.answers_dropped"
)

// warnings are what a server knows to be wrong with how it is set up.
type warnings struct {
	server *Server

	mu    sync.Mutex
	found map[warningKey]string // guarded by mu; the message
}

// warningKey names a warning: its reason, and the service that it concerns, "" for all.
type warningKey struct{ reason, service string }

func newWarnings(s *Server) *warnings {
	return &warnings{server: s, found: make(map[warningKey]string)}
}

// set takes note of a warning, or of its new words. Each is logged once for what it
// concerns.
func (w *warnings) set(key warningKey, message string) {
	w.mu.Lock()
	before, known := w.found[key]
	w.found[key] = message
	w.mu.Unlock()
	if known && before == message {
		return
	}
	if !known {
		w.server.log.Warn(message, "reason", key.reason, "instance", w.server.instance)
	}
	w.server.leases.recordsChanged()
}

// clear takes a warning back.
func (w *warnings) clear(key warningKey) {
	w.mu.Lock()
	_, known := w.found[key]
	delete(w.found, key)
	w.mu.Unlock()
	if known {
		w.server.log.Info("what was warned of is mended", "reason", key.reason, "instance", w.server.instance)
		w.server.leases.recordsChanged()
	}
}

// of returns the warnings that concern a service, in the same order each time.
func (w *warnings) of(service string) (list []binder.Warning) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, message := range w.found {
		if key.service == "" || key.service == service {
			list = append(list, binder.Warning{Reason: key.reason, Message: message})
		}
	}
	return sorted(list)
}

// Warnings returns what the server has found out about its set-up by which answers are
// lost, and what to do; none if all is well. They stand in its records, too.
func (s *Server) Warnings() (list []binder.Warning) {
	if s.unmade() != nil {
		return nil
	}
	s.warnings.mu.Lock()
	defer s.warnings.mu.Unlock()
	for key, message := range s.warnings.found {
		list = append(list, binder.Warning{Reason: key.reason, Message: message})
	}
	return sorted(list)
}

func sorted(list []binder.Warning) []binder.Warning {
	slices.SortFunc(list, func(a, b binder.Warning) int {
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message))
	})
	return list
}

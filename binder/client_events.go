package binder

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// rememberedRecords bounds what a watch keeps to drop duplicates, in records.
const rememberedRecords = 100_000

// watchEvents calls handle for the events of a service, or of all with "*", as Client.Watch
// promises.
func watchEvents(nc *nats.Conn, subjects wire.Subjects, token string, handle func(Event)) (stop func(), err error) {
	if !nc.IsConnected() {
		// nats.go would wait, in vain: a connection that comes back confirms nothing old.
		return nil, helium.ErrNotConnected.WithMessage("can't watch %s, as the connection to NATS is down (%s); see that the broker runs, and try again once it is connected", subjects.Event(token), strings.ToLower(nc.Status().String()))
	}
	var seen sequence // touched by the subscription's own goroutine only
	sub, err := nc.Subscribe(subjects.Event(token), func(m *nats.Msg) {
		var e Event
		// What isn't an event, or is of another service than its subject says, is noise.
		if json.Unmarshal(m.Data, &e) != nil || m.Subject != subjects.Event(e.Record.Service) || !e.isNamed() {
			return
		}
		if seen.next(&e) {
			handle(e)
		}
	})
	if err != nil {
		return nil, helium.ErrNotConnected.WithMessage("can't watch %s: %w", subjects.Event(token), err)
	}
	// Once the server knows the subscription, a lookup after Watch misses nothing.
	if err := nc.FlushTimeout(requestTimeout); err != nil {
		_ = sub.Unsubscribe()
		return nil, helium.ErrNotConnected.WithMessage("can't watch %s, as the NATS server doesn't answer (%w); see that it runs, and try again", subjects.Event(token), err)
	}
	return sync.OnceFunc(func() { _ = sub.Unsubscribe() }), nil
}

// isNamed reports an event of an instance that could be registered: its names become parts of
// subjects, and anybody who may publish where events are told can write others.
func (e *Event) isNamed() bool {
	return checkName("service", e.Record.Service) == nil && checkName("instance", e.Record.Instance) == nil
}

// A sequence tells an event that is news from one that another binder told before.
type sequence struct{ last map[string]lastEvent }

type lastEvent struct {
	revision uint64
	kind     EventKind
}

func (s *sequence) next(e *Event) bool {
	key := e.Record.key()
	last, known := s.last[key]
	if known && (e.Revision < last.revision || e.Revision == last.revision && e.Kind == last.kind) {
		return false
	}
	if s.last == nil || len(s.last) >= rememberedRecords {
		// Rather a few duplicates than memory that only grows.
		s.last = make(map[string]lastEvent)
	}
	s.last[key] = lastEvent{revision: e.Revision, kind: e.Kind}
	return true
}

package binder

import (
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/wire"
)

// hookBacklog is how many events Config.OnEvent may be behind.
const hookBacklog = 10_000

// A teller passes on the changes that a binder sees: to the bus, and to the program
// that runs the binder.
type teller struct {
	nc       *nats.Conn
	subjects wire.Subjects
	log      *slog.Logger

	hook   func(Event) // nil: none
	events chan Event  // to the hook
	missed sync.Once
}

func newTeller(nc *nats.Conn, subjects wire.Subjects, config Config) *teller {
	t := &teller{nc: nc, subjects: subjects, log: config.Logger, hook: config.OnEvent}
	if t.hook != nil {
		t.events = make(chan Event, hookBacklog)
	}
	return t
}

// tell never blocks.
func (t *teller) tell(e Event) {
	if e.Kind == Expired {
		// Nobody's request, so no binder wrote it: each says what it saw.
		t.log.Warn("an instance didn't renew and expired", recordAttrs(&e.Record)...)
	}
	if data, err := json.Marshal(e); err == nil {
		// A lost event is made up for by the next lookup, so an error has no taker.
		_ = t.nc.Publish(t.subjects.Event(e.Record.Service), data)
	}
	if t.hook == nil {
		return
	}
	select {
	case t.events <- e:
	default:
		t.missed.Do(func() {
			t.log.Warn("Config.OnEvent is too slow and misses events; let it hand them on", "behind", hookBacklog)
		})
	}
}

// run calls the hook until done is closed.
func (t *teller) run(done <-chan struct{}) {
	for {
		select {
		case e := <-t.events:
			t.call(e)
		case <-done:
			return
		}
	}
}

func (t *teller) call(e Event) {
	defer func() {
		if p := recover(); p != nil {
			t.log.Error("Config.OnEvent panicked", "panic", p)
		}
	}()
	t.hook(e)
}

func recordAttrs(r *Record) []any {
	return []any{"service", r.Service, "instance", r.Instance, "version", r.Version}
}

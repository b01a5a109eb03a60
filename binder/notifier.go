package binder

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/wire"
)

// hookBacklog is how many events Config.OnEvent may be behind.
const hookBacklog = 10_000

// A notifier passes on the changes that a binder sees: to the bus, and to the program
// that runs the binder.
type notifier struct {
	nc       *nats.Conn
	subjects wire.Subjects
	log      *slog.Logger

	hook   func(Event) // nil: none
	events chan Event  // to the hook
	missed sync.Once
}

func newNotifier(nc *nats.Conn, subjects wire.Subjects, config Config) *notifier {
	n := &notifier{nc: nc, subjects: subjects, log: config.Logger, hook: config.OnEvent}
	if n.hook != nil {
		n.events = make(chan Event, hookBacklog)
	}
	return n
}

// notify never blocks.
func (n *notifier) notify(e Event) {
	if e.Kind == Expired {
		// Nobody's request, so no binder wrote it: each says what it saw.
		n.log.Warn("an instance didn't renew and expired", e.Record.logged()...)
	}
	n.publish(e)
	if n.hook == nil {
		return
	}
	select {
	case n.events <- e:
	default:
		n.missed.Do(func() {
			n.log.Warn("Config.OnEvent is too slow and misses events; let it hand them on", "behind", hookBacklog)
		})
	}
}

// publish tells the bus. What is lost while the connection is down is made up for by the
// next lookup, so that has no taker; an event that can't get anywhere is logged.
func (n *notifier) publish(e Event) {
	data, err := encodeJSON(e)
	if err != nil {
		n.log.Warn("an event can't be written as JSON, so nobody hears of it", append(e.Record.logged(), "kind", e.Kind, "err", err)...)
		return
	}
	if err := n.nc.Publish(n.subjects.Event(e.Record.Service), data); errors.Is(err, nats.ErrMaxPayload) {
		n.log.Warn("an event is longer than a message may be (max_payload), so nobody hears of it; register smaller records",
			append(e.Record.logged(), "kind", e.Kind, "bytes", len(data))...)
	}
}

// run calls the hook, if there is one, until done is closed.
func (n *notifier) run(done <-chan struct{}) {
	for {
		select {
		case e := <-n.events:
			n.call(e)
		case <-done:
			return
		}
	}
}

func (n *notifier) call(e Event) {
	defer func() {
		if p := recover(); p != nil {
			n.log.Error("Config.OnEvent panicked", "panic", p)
		}
	}()
	n.hook(e)
}

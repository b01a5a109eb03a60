package answers

import (
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/link"
)

// Watch tells those that find out what NATS does with answers of what the bus sends; see
// [link.AnswerWatcher].
type Watch struct {
	Refusals *Refusals
	Exports  *Exports
}

func (w Watch) Meet(service, reply string) (once bool) {
	return w.Refusals.Meet(reply) || IsExported(reply) && w.Exports.takeOne(service)
}

func (w Watch) Leaving(reply string) { w.Refusals.lately.Add(reply) }

func (w Watch) Late(service string, to link.Caller, nth int, after time.Duration) nats.Header {
	if IsExported(to.Address) && !w.Refusals.Denies(to.Address) {
		return w.Exports.late(service, to.Clock, nth, after)
	}
	w.Refusals.late.add(to.Address, after)
	return nil
}

func (w Watch) Left(service string, to link.Caller, nth int, last bool) {
	if IsExported(to.Address) {
		w.Exports.Answered(service, to.Address, to.Clock, nth, last)
	}
}

package rpcserver

import (
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/link"
)

// answerWatch tells those that find out what NATS does with answers of what the bus sends; see
// [link.AnswerWatcher].
type answerWatch struct {
	refusals *refusals
	exports  *exports
}

func (w answerWatch) Meet(service, reply string) (once bool) {
	return w.refusals.meet(reply) || isExported(reply) && w.exports.takeOne(service)
}

func (w answerWatch) Leaving(reply string) { w.refusals.lately.Add(reply) }

func (w answerWatch) Late(service string, to link.Caller, nth int, after time.Duration) nats.Header {
	if isExported(to.Address) && !w.refusals.denies(to.Address) {
		return w.exports.late(service, to.Clock, nth, after)
	}
	w.refusals.late.add(to.Address, after)
	return nil
}

func (w answerWatch) Left(service string, to link.Caller, nth int, last bool) {
	if isExported(to.Address) {
		w.exports.answered(service, to.Address, to.Clock, nth, last)
	}
}

package rpcserver

import (
	"time"

	"github.com/nats-io/nats.go"
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

func (w answerWatch) Late(service, reply string, nth int, after time.Duration) nats.Header {
	if isExported(reply) && !w.refusals.denies(reply) {
		return w.exports.late(service, reply, nth, after)
	}
	w.refusals.late.add(reply, after)
	return nil
}

func (w answerWatch) Left(service, reply string, nth int, last bool) {
	if isExported(reply) {
		w.exports.answered(service, reply, nth, last)
	}
}

package rpcserver

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

func (w answerWatch) Left(service, reply string, nth int, last bool) {
	if isExported(reply) {
		w.exports.answered(service, reply, nth, last)
	}
}

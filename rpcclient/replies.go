package rpcclient

import (
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// noResponders is the status of what NATS sends back when nobody listens.
const noResponders = "503"

// maxReplyMetadata bounds the metadata of one reply, in entries.
const maxReplyMetadata = 256

// receive handles a message at the client's inbox. It runs on the subscription's own
// goroutine, and only wakes callers, who read their results themselves.
func (c *core) receive(msg *nats.Msg) {
	if len(msg.Data) == 0 && msg.Header.Get("Status") == noResponders {
		c.counters.noResponders.Add(1)
		c.failNobody(messageID(msg.Subject))
		return
	}
	// Callers that are woken together often call again together. The first one of them
	// would send its call alone while the others are still being woken.
	var held *batch.Batcher
	woken := 0
	frames, err := wire.ReadMessage(msg.Data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		call := c.takeAnswered(&f, msg.Subject)
		if call == nil {
			continue
		}
		if held == nil && frames.More() && call.outbox.Cork() {
			held = call.outbox
		}
		if held == call.outbox {
			woken++
		}
		c.answer(call, &f)
	}
	if held != nil {
		held.Linger(woken)
		held.Uncork()
	}
	if err != nil {
		c.malformed(msg, err)
	}
}

// malformed tells of a message that is no answer.
func (c *core) malformed(msg *nats.Msg, reason error) {
	c.counters.malformed.Add(1)
	if stream := wire.CapturedBy(msg.Data); stream != "" {
		c.acknowledged(messageID(msg.Subject), stream)
		return
	}
	c.log.Warn("an answer breaks the protocol", "subject", msg.Subject, "reason", reason)
}

// takeAnswered takes the call that a frame answers out of the table. Answers that come
// late, twice or unasked are counted, and that is all.
func (c *core) takeAnswered(f *wire.Frame, subject string) *Invocation {
	if f.Kind != wire.KindReply && f.Kind != wire.KindError {
		c.counters.unmatched.Add(1)
		return nil
	}
	if f.Kind == wire.KindError && f.Seq == 0 {
		// It concerns the whole message that was sent with this reply subject.
		c.failMessage(messageID(subject), readError(f.Body))
		return nil
	}
	call := c.inflight.take(f.Seq)
	if call == nil {
		c.counters.unmatched.Add(1)
	}
	return call
}

// answer ends a call, taken out of the table, with the frame that answers it.
func (c *core) answer(call *Invocation, f *wire.Frame) {
	call.proven()
	if f.Metadata != nil {
		r := msgpack.NewReader(f.Metadata)
		md, err := r.TextMap(maxReplyMetadata)
		if err != nil {
			c.counters.malformed.Add(1) // the result is worth more than what came beside it
		}
		call.ReplyMetadata = md
	}
	call.Trace.handled(f.Time)
	m, path := call.method, call.path
	if f.Kind == wire.KindReply {
		path.observe(f.Time)
		call.finish(f.Body, nil)
		return
	}
	e := readError(f.Body)
	switch {
	case e.Outcome == helium.Executed:
		path.observe(f.Time)
	case e.Code == helium.CodeUnimplemented, e.Code == helium.CodeInvalidArgument:
		// The client had checked the call, so what it knows is behind.
		m.service.lookAgain()
	}
	call.finish(nil, e)
}

// failNobody fails the calls of a message that found nobody.
func (c *core) failNobody(message uint64) {
	if message == 0 {
		return // it was no call but a cancel, and the instance is gone
	}
	for _, call := range c.inflight.takeIf(func(call *Invocation) bool { return call.message.Load() == message }) {
		call.method.service.lookAgain()
		call.finish(nil, call.nobody().WithOutcome(helium.NotExecuted))
	}
}

// readError reads the error of an answer. One that can't be read is still an answer:
// the server had the call.
func readError(body []byte) *helium.Error {
	e, err := wire.ReadError(body)
	if err != nil {
		return helium.ErrBadResult.WithMessage("the server answered with an error that can't be read: %w", err)
	}
	return e
}

// messageID returns the number that replySubject wrote; 0 if there is none.
func messageID(subject string) uint64 {
	_, number, ok := strings.Cut(subject[strings.LastIndexByte(subject, '.')+1:], "+")
	if !ok {
		return 0
	}
	id, err := strconv.ParseUint(number, 36, 64)
	if err != nil {
		return 0
	}
	return id
}

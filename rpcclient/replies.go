package rpcclient

import (
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
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
		c.failMessage(messageID(msg.Subject), ErrNoInstance.WithOutcome(helium.NotExecuted))
		return
	}
	frames, err := wire.ReadMessage(msg.Data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err == nil {
			c.answer(&f, msg.Subject)
		}
	}
	if err != nil {
		c.counters.malformed.Add(1)
		c.log.Warn("an answer breaks the protocol", "subject", msg.Subject, "reason", err)
	}
}

// answer ends the call that a frame answers. Answers that come late, twice or unasked
// are counted, and that is all.
func (c *core) answer(f *wire.Frame, subject string) {
	if f.Kind != wire.KindReply && f.Kind != wire.KindError {
		c.counters.unmatched.Add(1)
		return
	}
	if f.Kind == wire.KindError && f.Seq == 0 {
		// It concerns the whole message that was sent with this reply subject.
		e := readError(f.Body)
		c.log.Warn("a server refused a message", "reason", e)
		c.failMessage(messageID(subject), e)
		return
	}
	call := c.inflight.take(f.Seq)
	if call == nil {
		c.counters.unmatched.Add(1)
		return
	}
	m := call.method
	if f.Metadata != nil {
		r := wire.NewReader(f.Metadata)
		if md, err := r.StringMap(maxReplyMetadata); err == nil {
			call.ReplyMetadata = md
		}
	}
	if f.Kind == wire.KindReply {
		m.state.observe(f.Time)
		call.finish(f.Body, nil)
		return
	}
	e := readError(f.Body)
	if e.Outcome == helium.Executed {
		m.state.observe(f.Time)
	}
	if e.Code == helium.Unimplemented && e.Outcome == helium.NotExecuted {
		m.service.stale.Store(true) // the registry's copy is behind
	}
	call.finish(nil, e)
}

// readError reads the error of an answer. One that can't be read is still an answer:
// the server had the call.
func readError(body []byte) *helium.Error {
	e, err := wire.ReadError(body)
	if err != nil {
		return ErrBadResult.WithMessage("the server answered with an error that can't be read: %w", err)
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

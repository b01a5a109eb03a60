package rpcserver

import (
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/internal/wire"
)

// plainAnswer is the answerer of a plain request: a bare value in the request's encoding.
type plainAnswer struct {
	link    link.PlainAnswerer
	to      link.Caller
	service string    // "" if it went to none
	came    time.Time // zero: that is of no matter
	answers string    // the instance that answers
	json    bool
}

func (p *plainAnswer) awaited() bool { return true }

func (p *plainAnswer) limit() int { return p.link.MaxMessage() }

func (p *plainAnswer) pack(call *Call) (size int, err *helium.Error) {
	call.packed = call.Result.Bytes()
	if p.json {
		text, err := transcode.JSON(call.packed, call.method.signature.Result)
		if err != nil {
			return 0, helium.ErrBadResult.WithMessage("%s ran, and its result has no form in JSON: %w; ask with msgpack", call.method, err)
		}
		call.packed = text
	}
	return len(call.packed), nil
}

func (p *plainAnswer) send(_ *Call, err *helium.Error, _ time.Duration, packed []byte, _ bool) {
	if err == nil {
		if p.link.AnswerPlain(p.to, p.service, p.came, packed, nil) == nil {
			return
		}
		err = helium.ErrResultTooLarge.WithOutcome(helium.Executed) // smaller messages are taken now than when pack measured it
		err.Instance = p.answers
	}
	p.fail(err)
}

// fail answers with an error.
func (p *plainAnswer) fail(err *helium.Error) {
	p.tell(err, func(body []byte, err *helium.Error) error {
		return p.link.AnswerPlain(p.to, p.service, p.came, body, err)
	})
}

// tell has an error and its body sent, with less text if they don't fit a message.
func (p *plainAnswer) tell(err *helium.Error, send func(body []byte, err *helium.Error) error) {
	if send(plainErrorBody(err, p.json), err) == nil {
		return
	}
	// In JSON a text can take six times its bytes.
	short := *err
	short.Message, short.Details = wire.CutText(err.Message, wire.ErrorRoom(p.limit())/8), nil
	_ = send(plainErrorBody(&short, p.json), &short) // it is small
}

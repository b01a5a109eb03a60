package rpcserver

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// plainRequest is a call that came without Helium's frames, from any NATS client: a
// msgpack array or map, or JSON. The answer is a bare value in the same encoding.
type plainRequest struct {
	reply   string
	service string // "" if it went to none
	json    bool
	data    []byte
	answer  []byte // the result's text, once it is packed
}

// plainError is the body of an error answer, which has headers as every NATS service's.
type plainError struct {
	Code     helium.Code       `json:"code" msgpack:"code"`
	Reason   string            `json:"reason,omitempty" msgpack:"reason,omitempty"`
	Message  string            `json:"message" msgpack:"message"`
	Details  map[string]string `json:"details,omitempty" msgpack:"details,omitempty"`
	Outcome  string            `json:"outcome" msgpack:"outcome"`
	Instance string            `json:"instance" msgpack:"instance"`
}

// handlePlain admits a plain request as a call.
func (s *Server) handlePlain(msg *nats.Msg, to target) {
	now := time.Now()
	call := newCall(to.method, now.Add(s.config.Timeout))
	call.plain = &plainRequest{reply: msg.Reply, json: looksLikeJSON(msg.Data), data: msg.Data}
	if to.service != nil {
		call.plain.service = to.service.name
	}
	if msg.Reply != "" {
		s.refusals.meet(msg.Reply)
	}
	switch {
	case to.refusal != nil:
		call.refusal = to.refusal
	case to.method == nil:
		call.refusal = helium.ErrBadMessage.WithMessage("a plain request names its method by its subject: send it to %q", s.subjects.Method(to.service.name, "<method>"))
	}
	calls := append(s.calls[:0], call)
	s.submitForNobody(calls, now)
	clear(calls)
}

// looksLikeJSON tells text from msgpack: arguments in msgpack are an array or a map, and
// both begin with a byte above all of ASCII, and not with that of a byte order mark.
func looksLikeJSON(data []byte) bool {
	text := transcode.TrimMark(data)
	return len(text) == 0 || text[0] < 0x80 || len(text) < len(data)
}

// arguments returns the arguments as the msgpack array that handlers read. No data
// stand for no arguments.
func (p *plainRequest) arguments(m *signature.Method) ([]byte, error) {
	switch {
	case len(bytes.TrimSpace(transcode.TrimMark(p.data))) == 0:
		return msgpack.AppendArrayHeader(nil, 0), nil
	case p.json:
		return transcode.Arguments(p.data, m)
	case isMap(p.data[0]):
		return transcode.Named(p.data, m)
	}
	return p.data, nil
}

func isMap(first byte) bool { return first&0xf0 == 0x80 || first == 0xde || first == 0xdf }

// packPlain is pack for a plain request.
func (s *Server) packPlain(call *Call) *helium.Error {
	result := call.Result.Bytes()
	if call.plain.json {
		text, err := transcode.JSON(result, call.method.signature.Result)
		if err != nil {
			return helium.ErrBadResult.WithMessage("%s ran, and its result has no form in JSON: %w; ask with msgpack", call.describe(), err)
		}
		result = text
	}
	call.plain.answer = result
	return s.tooLarge(call, len(result))
}

// answerPlain sends the answer of a plain request: the result that it holds, or err if
// that isn't nil.
func (s *Server) answerPlain(p *plainRequest, err *helium.Error) {
	if p.reply == "" {
		return
	}
	msg := &nats.Msg{Subject: p.reply, Data: p.answer}
	if err != nil {
		msg = p.errorMessage(err)
		if msg.Size() > s.maxPayload() {
			// In JSON a text can take six times its bytes.
			short := *err
			short.Message, short.Details = cutText(err.Message, s.errorRoom()/8), nil
			msg = p.errorMessage(&short)
		}
	}
	if s.refusals.publish(msg) != nil {
		s.counters.lostReplies.Add(1)
	}
	if isExported(p.reply) && p.service != "" {
		s.exports.answered(p.service, p.reply, 1, true)
	}
}

func (p *plainRequest) errorMessage(err *helium.Error) *nats.Msg {
	msg := nats.NewMsg(p.reply)
	msg.Header.Set(wire.ErrorHeader, wire.HeaderText(err.Error()))
	msg.Header.Set(wire.ErrorCodeHeader, strconv.Itoa(wire.HTTPStatus(err.Code)))
	body := plainError{Code: err.Code, Reason: err.Reason, Message: err.Message, Details: err.Details, Outcome: err.Outcome.String(), Instance: err.Instance}
	if p.json {
		msg.Data, _ = json.Marshal(body) // a struct of strings always can be
	} else {
		var w codec.Writer
		w.Value(body)
		msg.Data = w.Bytes()
	}
	return msg
}

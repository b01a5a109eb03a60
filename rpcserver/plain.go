package rpcserver

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/internal/wire"
)

// plainRequest is a call that came without Helium's frames, from any NATS client: a
// msgpack array or JSON. The answer is a bare value in the same encoding.
type plainRequest struct {
	reply string
	json  bool
}

// The headers of an error answer, as NATS's service framework (ADR-32) has them.
const (
	errorHeader     = "Nats-Service-Error"
	errorCodeHeader = "Nats-Service-Error-Code"
)

// plainError is the body of an error answer.
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
	call := s.emptyCall(to, now.Add(s.config.Timeout))
	call.plain = &plainRequest{reply: msg.Reply, json: looksLikeJSON(msg.Data)}
	if to.method == nil {
		call.refusal = ErrBadMessage.WithMessage("a plain request names its method by its subject: send it to %q", s.subjects.Call(to.service.name, "<method>"))
	} else {
		args, err := plainArguments(msg.Data, call)
		if err != nil {
			call.refusal = ErrBadArgument.WithMessage("%s: %w", to.method.signature, err)
		}
		call.args = args
	}
	calls := append(s.calls[:0], call)
	s.submitForNobody(calls, now)
	clear(calls)
}

// looksLikeJSON tells JSON from msgpack by the first byte: arrays and objects in JSON
// begin with what in msgpack is a small number, and nobody sends a bare number.
func looksLikeJSON(data []byte) bool {
	if len(data) == 0 {
		return true
	}
	switch data[0] {
	case '[', '{', ' ', '\t', '\r', '\n', '"':
		return true
	}
	return false
}

// plainArguments returns the arguments as the msgpack array that handlers read.
func plainArguments(data []byte, call *Call) ([]byte, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return wire.AppendArrayHeader(nil, 0), nil
	case call.plain.json:
		return transcode.Arguments(data, call.method.signature)
	case isMap(data[0]):
		return transcode.Named(data, call.method.signature)
	}
	return data, nil
}

func isMap(first byte) bool { return first&0xf0 == 0x80 || first == 0xde || first == 0xdf }

// answerPlain sends the answer of a plain request.
func (s *Server) answerPlain(call *Call, err *helium.Error) {
	if call.plain.reply == "" {
		return
	}
	msg := nats.NewMsg(call.plain.reply)
	if err == nil {
		msg.Data, err = plainResult(call)
	}
	if err != nil {
		if err.Instance == "" {
			err.Instance = s.instance
		}
		msg.Header.Set(errorHeader, headerText(err.Error()))
		msg.Header.Set(errorCodeHeader, strconv.Itoa(httpStatus(err.Code)))
		msg.Data = plainErrorBody(call, err)
	}
	if s.nc.PublishMsg(msg) != nil {
		s.counters.lostReplies.Add(1)
	}
}

func plainResult(call *Call) ([]byte, *helium.Error) {
	if !call.plain.json {
		return call.Result.Bytes(), nil
	}
	text, err := transcode.JSON(call.Result.Bytes(), call.method.signature.Result)
	if err != nil {
		return nil, ErrBadResult.WithMessage("%s ran, and its result has no form in JSON: %w; ask with msgpack", call.describe(), err).WithOutcome(helium.Executed)
	}
	return text, nil
}

func plainErrorBody(call *Call, err *helium.Error) []byte {
	body := plainError{Code: err.Code, Reason: err.Reason, Message: err.Message, Details: err.Details, Outcome: err.Outcome.String(), Instance: err.Instance}
	if call.plain.json {
		text, _ := json.Marshal(body) // a struct of strings always can be
		return text
	}
	b, _ := wire.AppendValue(nil, body)
	return b
}

// headerText makes a text fit for a header line.
func headerText(text string) string {
	const longest = 1024
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return string(bytes.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, []byte(text)))
}

// httpStatus returns the number that NATS tools expect as an error's code.
// Source: the mapping of google.rpc.Code to HTTP.
func httpStatus(code helium.Code) int {
	switch code {
	case helium.InvalidArgument, helium.FailedPrecondition, helium.OutOfRange:
		return 400
	case helium.Unauthenticated:
		return 401
	case helium.PermissionDenied:
		return 403
	case helium.NotFound:
		return 404
	case helium.AlreadyExists, helium.Aborted:
		return 409
	case helium.ResourceExhausted:
		return 429
	case helium.Canceled:
		return 499
	case helium.Unimplemented:
		return 501
	case helium.Unavailable:
		return 503
	case helium.DeadlineExceeded:
		return 504
	}
	return 500
}

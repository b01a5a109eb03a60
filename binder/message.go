package binder

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// The messages between [Client] and [Binder]: plain NATS request and reply with JSON
// bodies, so that any NATS client can take part. docs/protocol.md describes them.

// instanceRequest renews or ends; the subject names the service.
type instanceRequest struct {
	Instance string `json:"instance"`
}

// lookupRequest may be left out; the subject names what is looked up.
type lookupRequest struct {
	// Method makes a bare name the name of a method even where a service has it too.
	Method bool `json:"method,omitempty"`
}

type listRequest struct {
	// After is the key ("<service>.<instance>") of the last record already read.
	After string `json:"after,omitempty"`
}

type leaseReply struct {
	LeaseMillis int64 `json:"lease_ms"`
}

func (r leaseReply) lease() time.Duration { return time.Duration(r.LeaseMillis) * time.Millisecond }

// endReply is an object, of which nothing is known.
type endReply map[string]json.RawMessage

// listReply carries records as they are stored. The answer to a lookup is an [Entry].
type listReply struct {
	Records []json.RawMessage `json:"records"`
	More    bool              `json:"more,omitempty"`
}

// listPage is a listReply as who asked for it reads it.
type listPage struct {
	Records []Record `json:"records"`
	More    bool     `json:"more"`
}

type failure struct {
	Code    helium.Code       `json:"code"`
	Reason  string            `json:"reason,omitempty"`
	Message string            `json:"message"`
	Details map[string]string `json:"details,omitempty"`
}

// failureMessage makes the answer to a request that failed: headers as every NATS
// service has them, and a failure as its body.
func failureMessage(subject string, e *helium.Error) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Header.Set(wire.ErrorHeader, wire.HeaderText(e.Error()))
	m.Header.Set(wire.ErrorCodeHeader, strconv.Itoa(wire.HTTPStatus(e.Code)))
	// A struct of strings can always be written.
	m.Data, _ = json.Marshal(failure{Code: e.Code, Reason: e.Reason, Message: e.Message, Details: e.Details})
	return m
}

// failureOf returns the error that an answer carries, or nil.
func failureOf(m *nats.Msg) *helium.Error {
	text := m.Header.Get(wire.ErrorHeader)
	if text == "" && m.Header.Get(wire.ErrorCodeHeader) == "" {
		return nil
	}
	var f failure
	if err := json.Unmarshal(m.Data, &f); err != nil || !f.Code.Valid() {
		// Not one of our binders; what it says is still the best there is.
		return helium.Errorf(helium.CodeUnknown, "the binder answered: %s", text)
	}
	return &helium.Error{Code: f.Code, Reason: f.Reason, Message: f.Message, Details: f.Details}
}

// decodeRequest reads a request's body; an empty one stands for {}.
func decodeRequest(data []byte, into any) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return helium.ErrBadRequest.WithMessage("the request isn't JSON of the form docs/protocol.md gives: %w", err)
	}
	return nil
}

package binder

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// The messages between [Client] and [Binder]: plain NATS request and reply with JSON
// bodies, so that any NATS client can take part. docs/protocol.md describes them.

// requestHeader names a request that must not be carried out twice, however often it is
// sent.
const requestHeader = "Helium-Request"

// onceOf returns a request's name; "" if it has none that can be one.
func onceOf(m *nats.Msg) string {
	const most = 64
	name := m.Header.Get(requestHeader)
	odd := func(c rune) bool { return c <= ' ' || c > '~' }
	if len(name) > most || strings.ContainsFunc(name, odd) {
		return ""
	}
	return name
}

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

// messageOverhead is how much longer a message with one record is than the record.
const messageOverhead = 1024

type leaseReply struct {
	LeaseMillis int64 `json:"lease_ms"`
}

// A lease outside these bounds isn't a binder's: no bucket's TTL is shorter than the one,
// and an instance that nobody misses for longer than the other isn't leased.
const (
	shortestLease = time.Millisecond
	longestLease  = 10 * 365 * 24 * time.Hour
)

func (r *leaseReply) missing() string {
	if r.LeaseMillis < shortestLease.Milliseconds() || r.LeaseMillis > longestLease.Milliseconds() {
		return `"lease_ms"`
	}
	return ""
}

func (r *leaseReply) lease() time.Duration { return time.Duration(r.LeaseMillis) * time.Millisecond }

// endReply is an object, of which nothing is known.
type endReply map[string]json.RawMessage

func (r *endReply) missing() string {
	if *r == nil { // it was null
		return "field"
	}
	return ""
}

// listPage is the answer to a list. That to a lookup is an [Entry].
type listPage struct {
	Records []Record `json:"records"`
	More    bool     `json:"more"`
}

func (p *listPage) missing() string {
	if p.Records == nil {
		return `"records"`
	}
	for i := range p.Records {
		if r := &p.Records[i]; checkName("service", r.Service) != nil || checkName("instance", r.Instance) != nil {
			return `"records" of instances`
		}
	}
	return ""
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

// parse reads a request's body; an empty one stands for {}.
func parse(body []byte, request any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, request); err != nil {
		return helium.ErrBadRequest.WithMessage("the request isn't JSON of the form docs/protocol.md gives: %w", err)
	}
	return nil
}

// parseInstance reads which instance of a service is to be renewed or ended.
func parseInstance(service string, body []byte) (instance string, err error) {
	if err := checkName("service", service); err != nil {
		return "", err
	}
	var request instanceRequest
	if err := parse(body, &request); err != nil {
		return "", err
	}
	return request.Instance, checkName("instance", request.Instance)
}

// parseLookup reads how a name is looked up.
func parseLookup(name string, body []byte) (request lookupRequest, err error) {
	if err := checkLookup(name); err != nil {
		return request, err
	}
	return request, parse(body, &request)
}

// captured is the error of an answer that was a stream's.
func captured(subject, stream string) *helium.Error {
	return helium.ErrNotBinder.WithMessage("the answer on %s is no binder's: %s", subject, wire.Captured(stream, subject))
}

package conformance

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/vectors"
	"github.com/helium-rpc/helium/internal/wire"
)

// registryFile is testdata/vectors/binder.json.
type registryFile struct {
	About string
	Steps []registryStep
}

// registryStep is a request with its answer, or an event that comes next.
type registryStep struct {
	Name         string
	Request      string          // the subject
	ReplySubject string          `json:"reply_subject"` // instead of one in an inbox: nothing is answered
	JSON         json.RawMessage // the body
	Text         string          // instead of JSON
	Pad          int             // how long the body is, with blanks behind it

	Answer  json.RawMessage
	Status  string // of an error: the number in its header
	Error   *registryError
	Event   json.RawMessage // the next event
	Silence bool            // no answer comes
}

type registryError struct {
	Code    string
	Reason  string
	Details map[string]string
}

// Registry runs the steps of a file against a binder whose registry is empty.
func Registry(t *testing.T, nc *nats.Conn, path string) {
	var file registryFile
	vectors.Read(t, path, &file)
	if len(file.Steps) < 30 {
		t.Fatalf("%s has %d steps; the vectors are incomplete", path, len(file.Steps))
	}
	events, err := nc.SubscribeSync("helium.binder.event.*")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = events.Unsubscribe() }()
	for _, s := range file.Steps {
		// Each step builds on those before it.
		if !t.Run(s.Name, func(t *testing.T) { s.run(t, nc, events) }) {
			return
		}
	}
}

func (s *registryStep) run(t *testing.T, nc *nats.Conn, events *nats.Subscription) {
	if s.Event != nil {
		msg, err := events.NextMsg(patience)
		if err != nil {
			t.Fatalf("no event: %v", err)
		}
		if fault := matches(msg.Data, s.Event); fault != "" {
			t.Error(fault)
		}
		return
	}
	body := []byte(s.Text)
	if s.JSON != nil {
		body = s.JSON
	}
	if n := s.Pad - len(body); n > 0 {
		body = append(body, strings.Repeat(" ", n)...)
	}
	if s.Silence {
		if err := nc.PublishMsg(&nats.Msg{Subject: s.Request, Reply: s.ReplySubject, Data: body}); err != nil {
			t.Fatal(err)
		}
		return // the steps behind it show that nothing was done
	}
	msg, err := nc.Request(s.Request, body, patience)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	if fault := s.fault(msg); fault != "" {
		t.Error(fault)
	}
}

func (s *registryStep) fault(msg *nats.Msg) string {
	status, text := msg.Header.Get(wire.ErrorCodeHeader), msg.Header.Get(wire.ErrorHeader)
	if status != s.Status || (text == "") != (status == "") {
		return fmt.Sprintf("its headers are %v (%.300s), want the number %q", msg.Header, msg.Data, s.Status)
	}
	if s.Error == nil {
		return matches(msg.Data, s.Answer)
	}
	var e struct {
		Code    helium.Code
		Reason  string
		Message string
		Details map[string]string
	}
	if err := json.Unmarshal(msg.Data, &e); err != nil {
		return fmt.Sprintf("the error %q can't be read: %v", msg.Data, err)
	}
	if e.Code.String() != s.Error.Code || e.Reason != s.Error.Reason || e.Message == "" ||
		s.Error.Details != nil && !reflect.DeepEqual(e.Details, s.Error.Details) {
		return fmt.Sprintf("the error is %s, want %s, %s, details %v", msg.Data, s.Error.Code, s.Error.Reason, s.Error.Details)
	}
	return ""
}

// anything stands in a vector for a value that can't be known before.
const anything = "<any>"

// matches compares JSON by value.
func matches(got, want []byte) string {
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		return fmt.Sprintf("%.300q is no JSON: %v", got, err)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		return fmt.Sprintf("the vector's %q is no JSON: %v", want, err)
	}
	if !same(g, w) {
		return fmt.Sprintf("got %.500s, want %s", got, want)
	}
	return ""
}

func same(got, want any) bool {
	switch want := want.(type) {
	case string:
		return want == anything && got != nil || got == want
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !same(list[i], want[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || len(object) != len(want) {
			return false
		}
		for k, w := range want {
			if g, there := object[k]; !there || !same(g, w) {
				return false
			}
		}
		return true
	}
	return got == want
}

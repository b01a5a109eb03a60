package conformance

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/vectors"
	"github.com/helium-rpc/helium/internal/wire"
)

// answer is what a server is to answer; what is left out may be anything.
type answer struct {
	At string // where it comes: a token, or "+" for any that begins so

	// A frame's.
	Kind vectors.Number
	Seq  vectors.Number

	// A plain answer's: "json" or "msgpack", and the number in the header of an error.
	Plain  string
	Status string

	// Nobody listens on the subject, says NATS in the server's place.
	Nobody bool

	// A frame's or a plain one's: the value as JSON, its bytes, or the error.
	Result json.RawMessage
	Number string // a float that JSON can't write
	Body   string
	Error  *vectors.Error
}

// noResponders is what NATS answers where nobody listens.
type noResponders struct{}

// fault says in what an answer differs, "" in nothing. It is a frame, a plain message or
// noResponders.
func (a *answer) fault(token string, got any) string {
	if a.At == "+" && !strings.HasPrefix(token, "+") || a.At != "" && a.At != "+" && token != a.At {
		return fmt.Sprintf("it should come at %q", a.At)
	}
	if _, nobody := got.(noResponders); nobody != a.Nobody {
		return fmt.Sprintf("nobody listens is %t, want %t", nobody, a.Nobody)
	}
	switch got := got.(type) {
	case noResponders:
		return ""
	case *wire.Frame:
		return a.frameFault(got)
	case *nats.Msg:
		return a.plainFault(got)
	}
	return "nothing came"
}

func (a *answer) frameFault(f *wire.Frame) string {
	switch {
	case a.Plain != "":
		return fmt.Sprintf("it is a frame of kind %d, want a plain answer", f.Kind)
	case uint64(f.Kind) != uint64(a.Kind) || f.Seq != uint64(a.Seq):
		return fmt.Sprintf("it is of kind %d with the number %d (%s), want kind %d, number %d", f.Kind, f.Seq, describe(f), a.Kind, a.Seq)
	case f.Kind == wire.KindError:
		e, err := wire.ReadError(f.Body)
		if err != nil {
			return fmt.Sprintf("its error %x can't be read: %v", f.Body, err)
		}
		return errorFault(e, a.Error)
	}
	return a.valueFault(f.Body)
}

func describe(f *wire.Frame) string {
	if e, err := wire.ReadError(f.Body); f.Kind == wire.KindError && err == nil {
		return e.Error()
	}
	return fmt.Sprintf("%.100x", f.Body)
}

func (a *answer) plainFault(m *nats.Msg) string {
	status := m.Header.Get(wire.ErrorCodeHeader)
	switch {
	case a.Plain == "":
		return fmt.Sprintf("it is %.200q, want a frame", m.Data)
	case status != a.Status || (m.Header.Get(wire.ErrorHeader) == "") != (status == ""):
		return fmt.Sprintf("its headers are %v (%.200q), want the number %q", m.Header, m.Data, a.Status)
	case a.Error != nil:
		return a.plainErrorFault(m.Data)
	case a.Plain == "msgpack":
		return a.valueFault(m.Data)
	}
	return jsonFault(m.Data, a.Result)
}

func (a *answer) plainErrorFault(body []byte) string {
	text := body
	if a.Plain == "msgpack" {
		var err error
		if text, err = asJSON(body); err != nil {
			return fmt.Sprintf("its body %x can't be read: %v", body, err)
		}
	}
	var e struct {
		Code     helium.Code
		Reason   string
		Message  string
		Details  map[string]string
		Outcome  string
		Instance string
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Sprintf("its body %q can't be read: %v", text, err)
	}
	got := &helium.Error{Code: e.Code, Reason: e.Reason, Message: e.Message, Details: e.Details, Instance: e.Instance}
	for _, o := range []helium.Outcome{helium.NotExecuted, helium.Executed} {
		if o.String() == e.Outcome {
			got.Outcome = o
		}
	}
	return errorFault(got, a.Error)
}

// errorFault says in which of the fields that are wanted an error differs.
func errorFault(got *helium.Error, want *vectors.Error) string {
	text := func(want *string, got string) bool { return want == nil || *want == got }
	switch {
	case want == nil:
		return fmt.Sprintf("it is the error %v, want a result", got)
	case want.Code != "" && want.Code != got.Code.String(),
		want.Outcome != "" && want.Outcome != got.Outcome.String(),
		!text(want.Reason, got.Reason), !text(want.Message, got.Message), !text(want.Instance, got.Instance),
		want.Details != nil && !reflect.DeepEqual(want.Details, got.Details):
		wanted, _ := json.Marshal(want) // a struct of texts always can be
		return fmt.Sprintf("the error is %s, %q, %q, %v, %v; want %s", got.Code, got.Reason, got.Message, got.Details, got.Outcome, wanted)
	case got.Message == "" || got.Instance == "":
		return fmt.Sprintf("the error %+v lacks its message or its instance", got)
	}
	return ""
}

// valueFault says in what a msgpack value differs.
func (a *answer) valueFault(body []byte) string {
	if err := msgpack.Scan(body); err != nil {
		return fmt.Sprintf("its value %.100x isn't sound: %v", body, err)
	}
	switch {
	case a.Error != nil:
		return fmt.Sprintf("it is the value %.100x, want an error", body)
	case a.Body != "":
		if want := hexOf(a.Body); !bytes.Equal(body, want) {
			return fmt.Sprintf("its value is %.100x, want %.100x", body, want)
		}
		return ""
	case a.Number != "":
		r := codec.NewReader(body)
		if v, err := r.Float64(); err != nil || a.Number != fmt.Sprint(v) && (a.Number != "NaN" || !math.IsNaN(v)) {
			return fmt.Sprintf("its value is %v, %v; want %s", v, err, a.Number)
		}
		return ""
	}
	text, err := asJSON(body)
	if err != nil {
		return fmt.Sprintf("its value %.100x has no form in JSON: %v", body, err)
	}
	return jsonFault(text, a.Result)
}

func hexOf(text string) []byte {
	b, err := vectors.ParseHex(text)
	if err != nil {
		return []byte(err.Error())
	}
	return b
}

// asJSON writes a msgpack value as JSON; bytes are in hex.
func asJSON(value []byte) ([]byte, error) {
	r := codec.NewReader(value)
	var v any
	if err := r.Value(&v); err != nil {
		return nil, err
	}
	return json.Marshal(plain(v))
}

// plain returns a value with what JSON has no form for replaced.
func plain(v any) any {
	switch v := v.(type) {
	case []byte:
		return hex.EncodeToString(v)
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case map[any]any:
		texts := make(map[string]any, len(v))
		for k, e := range v {
			texts[fmt.Sprint(k)] = plain(e)
		}
		return texts
	}
	return v
}

// jsonFault compares JSON by value. A field that is null may be left out.
func jsonFault(got, want []byte) string {
	if want == nil {
		return ""
	}
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		return fmt.Sprintf("it is %.200q, which is no JSON: %v", got, err)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		return fmt.Sprintf("the vector's %q is no JSON: %v", want, err)
	}
	if !reflect.DeepEqual(withoutNulls(g), withoutNulls(w)) {
		return fmt.Sprintf("it is %.300s, want %s", got, want)
	}
	return ""
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutNulls(v[i])
		}
	case map[string]any:
		for k, e := range v {
			if e == nil {
				delete(v, k)
			} else {
				v[k] = withoutNulls(e)
			}
		}
	}
	return v
}

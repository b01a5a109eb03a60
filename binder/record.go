package binder

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/helium-rpc/helium"
)

const (
	// KindCall is the kind of a method that takes arguments once and answers once.
	KindCall = "call"
	// KindStream is the kind of a method that takes or returns a stream.
	KindStream = "stream"
)

// A Record describes one instance of one service. Service and Instance together
// name it; both, like the names of methods and types, match
// [A-Za-z][A-Za-z0-9_-]{0,63}.
type Record struct {
	Service  string `json:"service"`
	Instance string `json:"instance"`
	// Version is the service's own, in whatever form it likes; shown, never compared.
	Version string `json:"version,omitempty"`
	// Doc says what the service is for.
	Doc string `json:"doc,omitempty"`
	// Methods are what the instance serves, each name once.
	Methods []Method `json:"methods"`
	// Types are the named types that the signatures use: name to shape, such as
	// "Point" to "{x float64, y float64}".
	Types map[string]string `json:"types,omitempty"`
	// TypeDocs say of named types what their shape can't, by name.
	TypeDocs map[string]TypeDoc `json:"type_docs,omitempty"`
	// Enums are types of which some values have names, by name. The signatures and Types
	// don't use these names: a reader that knows no enums sees the types of their values.
	Enums map[string]Enum `json:"enums,omitempty"`
	// Metadata are facts for people and tools, such as a region.
	Metadata map[string]string `json:"metadata,omitempty"`
	// Started is when the instance came up, by its own clock.
	Started time.Time `json:"started,omitzero"`
	// PerMethod is true where the subject shared by all methods is off: callers
	// must then send each call on its method's subject.
	PerMethod bool `json:"per_method,omitempty"`
	// Abilities are what the instance can do beyond what every one can, a bit each; those
	// that docs/protocol.md doesn't know are for versions to come.
	Abilities uint64 `json:"abilities,omitempty"`
	// Cluster is that of the NATS server which the instance is connected to, "" if it has no name.
	Cluster string `json:"cluster,omitempty"`
	// Warnings are what the instance has found out about its set-up by which calls may
	// fail that needn't. Programs can do without them.
	Warnings []Warning `json:"warnings,omitempty"`
}

// A Warning says what an instance found wrong with its own set-up.
type Warning struct {
	// Reason is what the warning is known by, such as "helium.answers_limited".
	Reason string `json:"reason"`
	// Message says what is wrong and what to do, for people.
	Message string `json:"message"`
}

// A Method is one method of a [Record].
type Method struct {
	Name string `json:"name"`
	// Signature is the method in Helium's notation: "add(a float64, b float64) float64".
	Signature string `json:"signature"`
	// WithEnums is Signature with the names of enums in it, if it has some.
	WithEnums string `json:"with_enums,omitempty"`
	// Kind is [KindCall] or [KindStream]; an empty one is registered as the former. A binder keeps kinds
	// that it doesn't know, so that servers may be newer than it.
	Kind string `json:"kind"`
	// Idempotent methods may be run twice, so a call of unknown outcome is retried.
	Idempotent bool `json:"idempotent,omitempty"`
	// Doc says what the method does.
	Doc string `json:"doc,omitempty"`
	// Errors are those that callers can expect and tell apart; others may come too.
	Errors []MethodError `json:"errors,omitempty"`
	// Example is a call that can be tried.
	Example *Example `json:"example,omitempty"`
}

// A MethodError is an error that a method declares.
type MethodError struct {
	// Code is one of the sixteen codes by its name, such as "invalid_argument".
	Code string `json:"code"`
	// Reason is what the error is known by, such as "math.division_by_zero".
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
}

// An Example is one call of a method, in JSON.
type Example struct {
	// Args is the array of its arguments.
	Args json.RawMessage `json:"args"`
	// Result is what the method returns for them, if that is always the same.
	Result json.RawMessage `json:"result,omitempty"`
}

// key is the record's key in the bucket.
func (r *Record) key() string { return recordKey(r.Service, r.Instance) }

// check refuses a record whose names can't be what they are: [helium.ErrBadRegistryName] or
// [helium.ErrBadRecord].
func (r *Record) check() error {
	if err := checkName("service", r.Service); err != nil {
		return err
	}
	if err := checkName("instance", r.Instance); err != nil {
		return err
	}
	if r.Methods == nil {
		r.Methods = []Method{} // null would be one more case for every reader
	}
	names := make(map[string]struct{}, len(r.Methods))
	for i := range r.Methods {
		m := &r.Methods[i]
		if err := checkName("method", m.Name); err != nil {
			return err
		}
		if _, twice := names[m.Name]; twice {
			return helium.ErrBadRecord.WithMessage("service %q lists its method %q twice; list each name once", r.Service, m.Name)
		}
		names[m.Name] = struct{}{}
		if m.Kind == "" {
			m.Kind = KindCall
		}
		if err := checkName("kind", m.Kind); err != nil {
			return err
		}
	}
	return nil
}

// encode returns the record as the bucket keeps it. The same record always gives
// the same bytes, so that a renewal can be told from a change by comparing them.
func (r *Record) encode() ([]byte, error) {
	data, err := encodeJSON(r)
	if err != nil {
		return nil, helium.ErrBadRecord.WithMessage("the record can't be written as JSON: %w", err)
	}
	return data, nil
}

// parseRecord reads a record and checks its names.
func parseRecord(data []byte) (*Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, helium.ErrBadRecord.WithMessage("the record isn't JSON of the form docs/protocol.md gives: %w", err)
	}
	listed := r.Methods != nil
	if err := r.check(); err != nil {
		return nil, err
	}
	if !listed {
		// Most likely a slip, and nobody could call what is registered so.
		return nil, helium.ErrBadRecord.WithMessage("the record of service %q has no methods; list them, or write [] if there are none", r.Service)
	}
	return &r, nil
}

// String names the record for people: "math/i4k2 1.2.0".
func (r Record) String() string {
	if r.Version == "" {
		return fmt.Sprintf("%s/%s", r.Service, r.Instance)
	}
	version := r.Version
	if !utf8.ValidString(version) || strings.ContainsFunc(version, func(c rune) bool { return !unicode.IsPrint(c) }) {
		version = strconv.Quote(version) // it is printed in logs, and a terminal would act upon it
	}
	return fmt.Sprintf("%s/%s %s", r.Service, r.Instance, version)
}

// logged is what a log line says of the record.
func (r *Record) logged() []any {
	return []any{"service", r.Service, "instance", r.Instance, "version", r.Version}
}

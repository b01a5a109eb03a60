package signature

import (
	"errors"
	"fmt"
	"maps"
	"reflect"

	"github.com/helium-rpc/helium/internal/gofields"
)

var errorType = reflect.TypeFor[error]()

// maxNodes bounds how many parts the types of one function may have: aliases of
// unnamed structs can double them at each level.
const maxNodes = 10_000

// OfType returns the type as which values of the Go type t travel. Named structs,
// and other types that contain themselves, are added to ts. The error lists every
// part that can't travel and says what to do about it; then nothing is added.
//
//	int, uint                     int64, uint64
//	[]T, [N]T                     []T
//	[]byte, [N]byte               bytes
//	*T                            T?
//	time.Time                     time
//	time.Duration                 duration; a type made of it is an int64
//	a named struct                its name
//	another named type            what it is made of
//	any                           any
//	json.Number                   any
//	with EncodeMsgpack            any
//	with MarshalJSON              any
//	with MarshalText              string
//	with MarshalBinary            bytes
//
// The methods may be those of *T, and those for reading must be there too. Of several
// the upper one counts. Those that a struct only has from a type it embeds don't count,
// unless that is all of it.
//
// The fields of a struct are those of encoding/json: the exported ones, named by the tag
// msgpack, else by the tag json, else like the Go field; T? with the options omitempty
// and omitzero; string with the option string; left out if the tag is "-". An embedded
// struct without a name in its tag lends its fields, of which one nearer to the surface
// hides others of its name.
func (ts *Types) OfType(t reflect.Type) (*Type, error) {
	if t == nil {
		return nil, errors.New("nil is no Go type; pass reflect.TypeFor[T]()")
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	w := ts.newWalkLocked()
	result := w.typ(t, "", 1)
	if err := w.finishLocked(ts, fmt.Sprintf("type %.100v", t)); err != nil {
		return nil, err
	}
	return result, nil
}

// walk turns the Go types of one function into Types. What it adds is kept apart
// until it is known that all of it can travel.
type walk struct {
	known  *Types                 // whose mu is held
	named  map[string]*Type       // added, by name
	ofGo   map[reflect.Type]*Type // added, by Go type
	open   map[reflect.Type]*Type // named lists and maps whose parts are being walked
	faults []error
	nodes  int
}

func (ts *Types) newWalkLocked() *walk {
	return &walk{
		known: ts,
		named: make(map[string]*Type),
		ofGo:  make(map[reflect.Type]*Type),
		open:  make(map[reflect.Type]*Type),
	}
}

// finishLocked adds what was found to ts, unless there were faults: they are returned
// as one error, a line each that begins with the subject.
func (w *walk) finishLocked(ts *Types, subject string) error {
	if n := len(ts.named) + len(w.named); n > MaxTypes {
		w.fault("", "%d named types are too many for one service, which can have %d; split it", n, MaxTypes)
	}
	total := 0
	for _, types := range []map[string]*Type{ts.named, w.named} {
		for name, t := range types {
			if w.faults != nil {
				break
			}
			n := len(t.Definition())
			if total += n; n > MaxLength {
				w.fault("", "type %s is %d bytes long in Helium's notation, at most %d fit; give its parts named types", name, n, MaxLength)
			}
		}
	}
	if total > MaxDefinitions {
		w.fault("", "the named types are %d bytes long in Helium's notation, at most %d fit; split the service", total, MaxDefinitions)
	}
	if w.faults != nil {
		for i, err := range w.faults {
			w.faults[i] = fmt.Errorf("%s: %w", subject, err)
		}
		return errors.Join(w.faults...)
	}
	maps.Copy(ts.named, w.named)
	maps.Copy(ts.ofGo, w.ofGo)
	return nil
}

// fault notes what is wrong with the part of the function that at names.
func (w *walk) fault(at, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if at != "" {
		err = fmt.Errorf("%s: %w", at, err)
	}
	w.faults = append(w.faults, err)
}

// typ returns the Type of t, the given number of levels deep. On a fault it returns
// any Type: it won't be used.
func (w *walk) typ(t reflect.Type, at string, depth int) *Type {
	if w.nodes++; w.nodes >= maxNodes {
		if w.nodes == maxNodes {
			w.fault(at, "the types have more than %d parts; give the unnamed structs a name", maxNodes)
		}
		return scalar(Any)
	}
	if depth > MaxDepth {
		w.fault(at, "%.100v nests deeper than %d levels or is a pointer to itself; make an inner part a named struct", t, MaxDepth)
		return scalar(Any)
	}
	switch form := gofields.FormOf(gofields.Types{}, t); form {
	case gofields.AsInterface:
		return w.ofInterface(t, at)
	case gofields.Half:
		return w.ofHalves(gofields.OwnOf(gofields.Types{}, t), t, at)
	case gofields.AsPointer:
		return optional(w.typ(t.Elem(), at, depth+1))
	case gofields.AsStruct:
		return w.ofStruct(t, at, depth)
	case gofields.AsList, gofields.AsMap:
		return w.ofContainer(t, at, depth)
	case gofields.Unsendable:
		advice := gofields.Advice(t.Kind())
		if isIterator(t) {
			advice = gofields.IteratorAdvice
		}
		w.fault(at, "%.100v can't travel; %s", t, advice)
		return scalar(Any)
	default:
		return scalar(kindOf(form, t))
	}
}

// kindOf returns the kind of a type that travels as a scalar.
func kindOf(form gofields.Form, t reflect.Type) Kind {
	if form == gofields.AsScalar {
		return scalarKinds[t.Kind()]
	}
	return formKinds[form]
}

var formKinds = map[gofields.Form]Kind{
	gofields.AsTime:     Time,
	gofields.AsDuration: Duration,
	gofields.AsText:     String,
	gofields.AsBytes:    Bytes,
	gofields.AsAny:      Any,
}

var scalarKinds = map[reflect.Kind]Kind{
	reflect.Bool: Bool,
	reflect.Int:  Int64, reflect.Int8: Int8, reflect.Int16: Int16, reflect.Int32: Int32, reflect.Int64: Int64,
	reflect.Uint: Uint64, reflect.Uint8: Uint8, reflect.Uint16: Uint16, reflect.Uint32: Uint32, reflect.Uint64: Uint64,
	reflect.Float32: Float32, reflect.Float64: Float64,
	reflect.String: String,
}

func (w *walk) ofInterface(t reflect.Type, at string) *Type {
	switch {
	case t == errorType:
		w.fault(at, "an error can be a method's last result only; send its text, or a struct")
	case t.NumMethod() > 0:
		w.fault(at, "the interface %.100v can't travel, as the reader couldn't know what to make; use a struct, or any", t)
	}
	return scalar(Any)
}

// ofContainer returns the Type of a list or a map. A named one that contains itself,
// such as type Tree map[string]Tree, keeps its name; any other is what it is made of.
func (w *walk) ofContainer(t reflect.Type, at string, depth int) *Type {
	if known := w.typeOfGo(t); known != nil {
		return known
	}
	if open := w.open[t]; open != nil {
		w.name(open, t)
		return open
	}
	node := &Type{}
	if t.Name() != "" {
		w.open[t] = node
		defer delete(w.open, t)
	}
	if t.Kind() == reflect.Map {
		node.Kind = Map
		node.Key = w.key(t.Key(), at, depth)
	} else {
		node.Kind = List
	}
	node.Elem = w.typ(t.Elem(), at, depth+1)
	return node
}

// ofHalves tells of methods of t's own that lack their other half.
func (w *walk) ofHalves(own gofields.Own, t reflect.Type, at string) *Type {
	w.fault(at, "%.100v has %s, so what is written couldn't be read; add the other half", t, own.Halves())
	return scalar(Any)
}

func (w *walk) key(t reflect.Type, at string, depth int) *Type {
	faults := len(w.faults)
	var key *Type
	switch form, own := gofields.KeyFormOf(gofields.Types{}, t); form {
	case gofields.Half:
		key = w.ofHalves(own, t, at)
	case gofields.AsScalar, gofields.AsText, gofields.AsBytes:
		key = scalar(kindOf(form, t))
	default:
		key = w.typ(t, at, depth+1)
	}
	if len(w.faults) == faults && !key.Kind.MayBeKey() {
		w.fault(at, "%.100v can't be the key of a map; use a string, an integer, a bool or [N]byte", t)
	}
	return key
}

// ofStruct returns the Type of a struct without an encoding of its own. One that has
// a name in Go is a named type: it may contain itself.
func (w *walk) ofStruct(t reflect.Type, at string, depth int) *Type {
	if known := w.typeOfGo(t); known != nil {
		return known
	}
	node := &Type{Kind: Struct}
	if t.Name() != "" {
		w.name(node, t)
		depth = 1
	}
	for _, f := range w.fieldsOf(t, at) {
		inner := depth + 1
		if f.MayMiss {
			inner++ // as if it were a pointer
		}
		ft := w.typ(f.Type, fieldPath(at, f.Path), inner)
		if f.AsString {
			ft = scalar(String)
		}
		if f.MayMiss || f.AsString && f.Type.Kind() == reflect.Pointer {
			ft = optional(ft)
		}
		node.Fields = append(node.Fields, Field{Name: f.Name, Type: ft})
	}
	return node
}

// fieldsOf returns the fields of a Go struct that travel, in the order in which they
// are written.
func (w *walk) fieldsOf(t reflect.Type, at string) []gofields.Field[reflect.Type] {
	fields := gofields.FieldsOf(gofields.Types{}, t)
	for _, fault := range fields.Faults {
		w.fault(fieldPath(at, fault.Path), "%s", fault.Problem)
	}
	if fields.OnlyHidden() && fields.Faults == nil {
		w.fault(at, "%.100v has no exported fields, so nothing of it would be sent; export some, or use another type", t)
	}
	return fields.List
}

func (w *walk) typeOfGo(t reflect.Type) *Type {
	if known := w.known.ofGo[t]; known != nil {
		return known
	}
	return w.ofGo[t]
}

// name makes node, which stands for t, a named type.
func (w *walk) name(node *Type, t reflect.Type) {
	node.Name = freeName(t.Name(), func(name string) bool {
		return w.named[name] != nil || w.known.named[name] != nil
	})
	w.named[node.Name] = node
	w.ofGo[t] = node
}

func fieldPath(at, path string) string {
	if at == "" {
		return "field " + path
	}
	return at + ", field " + path
}

// isIterator reports what a range loop takes, such as an iter.Seq.
func isIterator(t reflect.Type) bool {
	if t.Kind() != reflect.Func || t.NumIn() != 1 || t.NumOut() != 0 || t.IsVariadic() {
		return false
	}
	yield := t.In(0)
	return yield.Kind() == reflect.Func && yield.NumIn() <= 2 && !yield.IsVariadic() && yield.NumOut() == 1 && yield.Out(0) == reflect.TypeFor[bool]()
}

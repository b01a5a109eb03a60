package codec

import (
	"encoding/binary"
	"reflect"

	"github.com/helium-rpc/helium/internal/gofields"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// structFields are the fields of a struct as they stand on the codec.
type structFields struct {
	list   []field
	byName map[string]int
}

type field struct {
	// name is the field's key, head that key as msgpack.
	name string
	head []byte
	// index leads to the field, through embedded structs.
	index []int
	codec *codec
	// empty reports that a value is left out; nil: it never is.
	empty func(reflect.Value) bool
}

// newStructFields binds the fields of a struct that travel, see [gofields.FieldsOf], to their
// codecs.
func newStructFields(of gofields.Fields[reflect.Type], codecFor func(gofields.Field[reflect.Type]) *codec) *structFields {
	fields := &structFields{byName: make(map[string]int)}
	for _, f := range of.List {
		fields.byName[f.Name] = len(fields.list)
		fields.list = append(fields.list, field{
			name: f.Name, head: msgpack.AppendString(nil, f.Name), index: f.Index, codec: codecFor(f), empty: emptyFunc(f),
		})
	}
	for i, f := range of.List {
		if _, taken := fields.byName[f.Alias]; f.Alias != "" && !taken {
			fields.byName[f.Alias] = i
		}
	}
	return fields
}

// faultOf says why a struct can't be sent, nil if it can.
func faultOf(t reflect.Type, fields gofields.Fields[reflect.Type]) error {
	switch {
	case fields.OnlyHidden():
		return valueErrorf("a %.100v can't be sent or received: it has no exported fields, so nothing of it would arrive; send what it means, or give it MarshalText and UnmarshalText", t)
	case len(fields.Faults) > 0:
		fault := fields.Faults[0]
		return valueErrorf("a %.100v can't be sent or received: field %s: %s", t, fault.Path, fault.Problem)
	}
	return nil
}

type isZeroer interface{ IsZero() bool }

var isZeroerType = reflect.TypeFor[isZeroer]()

// emptyFunc tells when a field is left out, as encoding/json does; nil: never. By
// omitempty it is false, 0, nil, and what has no elements; by omitzero a value whose
// IsZero method says so, or what is zero if it has none.
func emptyFunc(f gofields.Field[reflect.Type]) func(reflect.Value) bool {
	isZero := zeroFunc(f.Type)
	switch {
	case f.OmitEmpty && f.OmitZero:
		return func(v reflect.Value) bool { return isEmpty(v) || isZero(v) }
	case f.OmitEmpty:
		return isEmpty
	case f.OmitZero:
		return isZero
	}
	return nil
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// zeroFunc tells what omitzero leaves out.
func zeroFunc(t reflect.Type) func(reflect.Value) bool {
	switch {
	case t.Kind() == reflect.Interface && t.Implements(isZeroerType):
		return func(v reflect.Value) bool {
			return v.IsNil() || isNil(v.Elem()) || v.Interface().(isZeroer).IsZero()
		}
	case t.Kind() == reflect.Pointer && gofields.IsZero(gofields.Types{}, t.Elem()):
		// The method may not be ready for a nil receiver.
		return func(v reflect.Value) bool { return v.IsNil() || v.Interface().(isZeroer).IsZero() }
	case gofields.IsZero(gofields.Types{}, t):
		return func(v reflect.Value) bool { return receiver(v).(isZeroer).IsZero() }
	}
	return reflect.Value.IsZero
}

// of returns the field's value in v. It isn't there if an embedded pointer is nil.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

// settable returns the field's value in v and makes the embedded structs on the way.
func (f *field) settable(v reflect.Value) (reflect.Value, error) {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, valueErrorf("the embedded %v is nil and can't be set, because its type isn't exported; embed the struct itself", v.Type())
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, nil
}

// find returns the field of that name, or nil. Senders mostly keep the order of the
// fields, so the i-th is tried first.
func (fields *structFields) find(name []byte, i int) *field {
	if i < len(fields.list) && fields.list[i].name == string(name) {
		return &fields.list[i]
	}
	if i, ok := fields.byName[string(name)]; ok {
		return &fields.list[i]
	}
	return nil
}

func encodeStruct(fields *structFields) func(*encoder, reflect.Value) error {
	return func(e *encoder, v reflect.Value) error {
		n := len(fields.list)
		if err := e.open(2 * n); err != nil {
			return err
		}
		start := len(e.b)
		e.b = msgpack.AppendMapHeader(e.b, n)
		written := n
		for i := range fields.list {
			f := &fields.list[i]
			fv, ok := f.of(v)
			if !ok || f.empty != nil && f.empty(fv) {
				written--
				continue
			}
			e.b = append(e.b, f.head...)
			if err := f.codec.encode(e, fv); err != nil {
				return inside(f.name, err)
			}
		}
		if written < n {
			// The head keeps its width, so that nothing behind it has to move.
			if n < 16 {
				e.b[start] = 0x80 | byte(written)
			} else {
				binary.BigEndian.PutUint16(e.b[start+1:], uint16(written))
			}
		}
		e.done()
		return nil
	}
}

func decodeStruct(fields *structFields) func(*decoder, reflect.Value) error {
	return func(r *decoder, v reflect.Value) error {
		n, err := r.MapHeader()
		if err != nil {
			return err
		}
		if err := r.open(); err != nil {
			return err
		}
		for i := range n {
			name, err := r.stringRef("a string as the name of a field")
			if err != nil {
				return inside(keySegment, err)
			}
			f := fields.find(name, i)
			if f == nil {
				// Another version of the type may have more fields.
				if err := r.Skip(); err != nil {
					return err
				}
				continue
			}
			fv, err := f.settable(v)
			if err != nil {
				return inside(f.name, err)
			}
			if f.empty != nil && r.Nil() {
				// What may be left out may be null.
				fv.SetZero()
				continue
			}
			if err := f.codec.decode(r, fv); err != nil {
				return inside(f.name, err)
			}
		}
		r.done()
		return nil
	}
}

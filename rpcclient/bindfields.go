package rpcclient

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// bindFields are the functions of a struct that [Client.Bind] fills, and what in it looks
// like one and can't be filled.
type bindFields struct {
	list   []bindField
	faults bindFaults
}

// bindField is one function to fill.
type bindField struct {
	path   string // for messages: "Calculator.Add"
	method string
	typ    reflect.Type // of the function
	// set stores the function. It makes what has to be there on the way, so that nothing
	// of the struct changes before all its functions are known to work.
	set func(fn reflect.Value)
}

func (b *bindFields) fault(path string, err error) {
	b.faults = append(b.faults, fmt.Errorf("%s: %w", path, err))
}

var (
	errUnexportedStub = errors.New("it isn't exported; begin its name with a capital, or tag it `helium:\"-\"`")
	errInterfaceStub  = errors.New("an interface can't be filled, as only compiled code has methods; use function fields or a generated client, or tag it `helium:\"-\"`")
)

// collect finds the functions of a struct and of those that it embeds. Outer are the
// structs around it: one that embeds itself isn't followed.
func (b *bindFields) collect(v reflect.Value, at string, outer []reflect.Type) {
	outer = append(outer[:len(outer):len(outer)], v.Type())
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, tagged := field.Tag.Lookup("helium")
		if name == "-" {
			continue
		}
		path := at + field.Name
		if field.Anonymous && !tagged && b.embedded(v.Field(i), field, path, outer) {
			continue
		}
		if !tagged && !isFunction(field.Type) {
			if field.IsExported() {
				b.refuseHidden(v.Field(i), path)
			}
			continue
		}
		if !field.IsExported() {
			b.fault(path, errUnexportedStub)
			continue
		}
		if name == "" {
			name = signature.WireName(field.Name)
		}
		f := bindField{path: path, method: name, typ: field.Type, set: v.Field(i).Set}
		if field.Type.Kind() == reflect.Pointer && isFunction(field.Type) {
			pointer := v.Field(i)
			f.typ = field.Type.Elem()
			f.set = func(fn reflect.Value) { pointee(pointer).Set(fn) }
		}
		b.list = append(b.list, f)
	}
}

// isFunction reports whether t is a function or a pointer to one.
func isFunction(t reflect.Type) bool {
	return t.Kind() == reflect.Func || t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Func
}

// refuseHidden refuses a field with functions that look like methods where no field's
// name says which ones. Anything else is data, and none of Bind's business.
func (b *bindFields) refuseHidden(v reflect.Value, path string) {
	t := v.Type()
	if t.Kind() == reflect.Struct {
		var inner bindFields
		inner.collect(v, path+".", nil)
		for _, f := range inner.list {
			if n := f.typ.NumOut(); n > 0 && f.typ.Out(n-1) == errorType {
				b.fault(f.path, fmt.Errorf("functions are filled in embedded structs only; embed %s or bind it by itself, or tag the field `helium:\"-\"`", t))
				return
			}
		}
		return
	}
	for range 8 { // deeper than anybody nests them, for a type can contain itself
		switch t.Kind() {
		case reflect.Func:
			b.fault(path, fmt.Errorf("nothing says which methods the functions of a %s are; give each a field of its own, or tag it `helium:\"-\"`", v.Type()))
			return
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			t = t.Elem()
		default:
			return
		}
	}
}

// embedded takes in the functions of an embedded struct or pointer to one, and refuses
// an embedded interface that nothing implements. It returns false for any other field,
// which is like one with a name.
func (b *bindFields) embedded(v reflect.Value, field reflect.StructField, path string, outer []reflect.Type) bool {
	t := field.Type
	switch {
	case t.Kind() == reflect.Struct:
		b.collect(v, path+".", outer)
		return true
	case t.Kind() == reflect.Interface:
		if t.NumMethod() > 0 && v.IsNil() {
			b.fault(path, errInterfaceStub)
		}
		return true
	case t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct:
		return false
	case slices.Contains(outer, t.Elem()):
		return true // the functions outside have the same names
	case !v.IsNil():
		b.collect(v.Elem(), path+".", outer)
		return true
	}
	// What the pointer will point to is filled first, and pointed to when all is well.
	made := reflect.New(t.Elem())
	var inner bindFields
	inner.collect(made.Elem(), path+".", outer)
	b.faults = append(b.faults, inner.faults...)
	if len(inner.list) > 0 && !field.IsExported() {
		b.fault(path, fmt.Errorf("the embedded pointer is nil, and can't be set, as %s isn't exported; embed the struct itself, or set the pointer before", t.Elem()))
		return true
	}
	for _, f := range inner.list {
		set := f.set
		f.set = func(fn reflect.Value) {
			set(fn)
			v.Set(made)
		}
		b.list = append(b.list, f)
	}
	return true
}

// pointee returns what a pointer points to, a new value if it is nil.
func pointee(pointer reflect.Value) reflect.Value {
	if pointer.IsNil() {
		pointer.Set(reflect.New(pointer.Type().Elem()))
	}
	return pointer.Elem()
}

// bindFaults are all that is wrong with a struct, a line each.
type bindFaults []error

// Error implements error.
func (f bindFaults) Error() string {
	var b strings.Builder
	for _, fault := range f {
		b.WriteString("\n\t" + fault.Error())
	}
	return b.String()
}

// Unwrap lets errors.Is find any of them.
func (f bindFaults) Unwrap() []error { return f }

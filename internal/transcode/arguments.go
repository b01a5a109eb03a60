package transcode

import (
	"fmt"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

// Arguments turns a plain request's JSON arguments into the msgpack array that a
// handler reads. They are an array in the order of m's parameters, or an object of
// named arguments.
//
// An array may have any length: whether a handler takes that many is for its server to
// say. What has no parameter is read as any.
//
// In an object every parameter stands under its name. One of type T? or any may be left
// out and is null then; the last of a variadic method holds an array, and stands for
// none if it is left out. All other names, and names that are there twice, are errors,
// and so is any object if m doesn't tell the names of its parameters.
//
// Errors name the argument and the place in it. All that is wrong is told at once, as
// [Faults] if it is more than one thing:
//
//	argument 2 (b): 300 is out of range of int8
//	argument 1 (people): [3].age: got "x", want uint8: a number
func Arguments(jsonText []byte, m *signature.Method) (packed []byte, err error) {
	c, err := newCursor(jsonText)
	if err != nil {
		return nil, err
	}
	return encodeArguments(newEncoder(c), m)
}

// encodeArguments returns the array of all arguments.
func encodeArguments(e *encoder, m *signature.Method) (packed []byte, err error) {
	switch e.peek() {
	case '[':
		err = positionalArguments(e, m)
	case '{':
		err = argumentsByName(e, m)
	default:
		err = fmt.Errorf("the arguments are %s; want an array of them, such as [1, 2], or an object of named ones", shorten(string(e.skip())))
	}
	if err != nil {
		return nil, err
	}
	return e.finish()
}

func positionalArguments(e *encoder, m *signature.Method) error {
	head, err := e.open()
	if err != nil {
		return err
	}
	var faults Faults
	n := 0
	for ; e.more(n); n++ {
		var t *signature.Type
		if p := parameter(n, m); p != nil {
			t = p.Type
		}
		if err := e.value(t); err != nil && !faults.Add(ArgumentFault(n, m, err)) {
			return faults.Err()
		}
	}
	e.close(head, msgpack.AppendArrayHeader(nil, n))
	return faults.Err()
}

func argumentsByName(e *encoder, m *signature.Method) error {
	named, err := newNamedArguments(m)
	if err != nil {
		return err
	}
	head, err := e.open()
	if err != nil {
		return err
	}
	for n := 0; e.more(n); n++ {
		name, err := e.key()
		if value := e.skip(); err != nil {
			named.refuse(err)
		} else {
			named.add(name, value)
		}
	}
	faults := named.complete()
	n := 0
	for i, raw := range named.values {
		e.cursor = cursor{text: raw}
		var err error
		added := 1
		switch {
		case named.variadic(i):
			// null stands for no argument, as a nil list does in many languages.
			if added = 0; raw != nil && e.peek() != 'n' {
				added, err = e.repeated(m.Params[i].Type)
			}
		case raw == nil:
			e.values++
			e.out = msgpack.AppendNil(e.out)
		default:
			err = e.value(m.Params[i].Type)
		}
		if err != nil && !faults.Add(ArgumentFault(i, m, err)) {
			return faults.Err()
		}
		n += added
	}
	e.close(head, msgpack.AppendArrayHeader(nil, n))
	return faults.Err()
}

// repeated appends the values in the array that a variadic parameter has by name, and
// returns how many they are.
func (e *encoder) repeated(t *signature.Type) (n int, err error) {
	if e.peek() != '[' {
		return 0, problemf("got %s, want an array: the parameter repeats", shorten(string(e.skip())))
	}
	e.take()
	var faults Faults
	for ; e.more(n); n++ {
		if err := e.value(t); err != nil && !faults.Add(inside(indexSegment(n), err)) {
			break
		}
	}
	return n, faults.Err()
}

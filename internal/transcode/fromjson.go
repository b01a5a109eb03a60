package transcode

import (
	"fmt"
	"slices"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

// Value turns one JSON value into a msgpack value of type t; nil stands for any. See
// the package's documentation for how types stand in JSON. The error names the place
// in the value, such as people[3].age.
func Value(jsonText []byte, t *signature.Type) (packed []byte, err error) {
	c, err := newCursor(jsonText)
	if err != nil {
		return nil, err
	}
	e := newEncoder(c)
	if err := e.value(t); err != nil {
		return nil, err
	}
	return e.finish()
}

// encoder turns the JSON under its cursor into msgpack, value by value.
type encoder struct {
	cursor
	out    []byte
	depth  int // arrays and maps that are begun
	values int // what msgpack.Scan counts as values, and a little more
	fields fieldIndex
}

func newEncoder(c cursor) *encoder {
	return &encoder{cursor: c, out: make([]byte, 0, len(c.text))}
}

var (
	errTooMany = fmt.Errorf("there are more than %d values", msgpack.MaxElements)
	errTooDeep = fmt.Errorf("arrays and objects lie more than %d deep", msgpack.MaxDepth)
)

// finish returns what was encoded.
func (e *encoder) finish() ([]byte, error) {
	if e.values > msgpack.MaxElements {
		return nil, errTooMany
	}
	return e.out, nil
}

// value appends the next value, which is to be a t. After an error that is a *problem or
// Faults it stands behind the value all the same, so that all that is wrong can be told.
func (e *encoder) value(t *signature.Type) error {
	if e.values++; e.values > msgpack.MaxElements {
		return errTooMany
	}
	first, kind := e.peek(), kindOf(t)
	if first == 'n' && (kind == signature.Any || kind == signature.Optional) {
		e.literal()
		e.out = msgpack.AppendNil(e.out)
		return nil
	}
	if kind == signature.Optional {
		t = t.Elem
		kind = kindOf(t)
	}
	switch {
	case first == '"':
		return e.text(t)
	case first == '[' && kind == signature.List:
		return e.list(t.Elem)
	case first == '[' && kind == signature.Any:
		return e.list(nil)
	case first == '{' && kind == signature.Struct:
		return e.structure(t)
	case first == '{' && kind == signature.Map:
		return e.mapping(t.Key, t.Elem)
	case first == '{' && kind == signature.Any:
		return e.mapping(nil, nil)
	case (first == 't' || first == 'f') && (kind == signature.Bool || kind == signature.Any):
		e.literal()
		e.out = msgpack.AppendBool(e.out, first == 't')
		return nil
	case (first == '-' || isDigit(first)) && (kind.Numeric() || kind == signature.Any):
		return e.number(kind)
	}
	return e.mismatch(t)
}

func (e *encoder) number(kind signature.Kind) (err error) {
	literal := string(e.literal())
	if kind == signature.Any {
		e.out, err = appendAnyNumber(e.out, literal)
	} else {
		e.out, err = appendNumber(e.out, literal, kind)
	}
	return err
}

func (e *encoder) text(t *signature.Type) error {
	at := e.off
	text, err := unquote(e.literal())
	if err != nil {
		return err
	}
	out, ok, err := appendText(e.out, text, t)
	if !ok {
		e.off = at
		return e.mismatch(t)
	}
	e.out = out
	return err
}

func (e *encoder) list(elem *signature.Type) error {
	head, err := e.open()
	if err != nil {
		return err
	}
	var faults Faults
	n := 0
	for ; e.more(n); n++ {
		if err := e.value(elem); err != nil && !faults.Add(inside(indexSegment(n), err)) {
			return faults.Err()
		}
	}
	e.close(head, msgpack.AppendArrayHeader(nil, n))
	return faults.Err()
}

func (e *encoder) mapping(key, elem *signature.Type) error {
	head, err := e.open()
	if err != nil {
		return err
	}
	var met keySet
	var faults Faults
	n := 0
	for ; e.more(n); n++ {
		text, err := e.key()
		if err == nil {
			err = e.mapKey(text, key, &met)
		}
		if err != nil {
			e.skip()
			if !faults.Add(err) {
				return faults.Err()
			}
			continue
		}
		e.values++
		if err := e.value(elem); err != nil && !faults.Add(inside(keySegment(text), err)) {
			return faults.Err()
		}
	}
	e.close(head, msgpack.AppendMapHeader(nil, n))
	return faults.Err()
}

// mapKey appends a key of a map, which is to be a t and to be new.
func (e *encoder) mapKey(text string, t *signature.Type, met *keySet) (err error) {
	at := len(e.out)
	if e.out, err = appendKey(e.out, text, t); err != nil {
		return problemf("the key %s: %v", quote(text), err)
	}
	if !met.add(e.out[at:]) {
		return problemf("two keys are %s", quote(text))
	}
	return nil
}

func (e *encoder) structure(t *signature.Type) error {
	head, err := e.open()
	if err != nil {
		return err
	}
	met := make([]bool, len(t.Fields))
	var faults Faults
	var names fieldFaults
	n := 0
	for ; e.more(n); n++ {
		name, err := e.key()
		if err != nil {
			e.skip()
			if !faults.Add(err) {
				return faults.Err()
			}
			continue
		}
		i := e.fields.find(t, name, n)
		switch {
		case i < 0:
			names.unknown(name, t)
			e.skip()
			continue
		case met[i]:
			names.twice(name)
			e.skip()
			continue
		}
		met[i] = true
		e.out = msgpack.AppendString(e.out, name)
		e.values++
		if err := e.value(t.Fields[i].Type); err != nil && !faults.Add(inside(shorten(name), err)) {
			return faults.Err()
		}
	}
	for i, f := range t.Fields {
		if !met[i] && !mayBeNull(f.Type) {
			names.missing(f.Name)
		}
	}
	e.close(head, msgpack.AppendMapHeader(nil, n))
	if err := names.err(t); err != nil {
		faults = append(Faults{err}, faults...)
	}
	return faults.Err()
}

// open steps into an array or an object, and keeps a byte for its head. It returns
// where the head belongs.
func (e *encoder) open() (head int, err error) {
	if e.depth++; e.depth > msgpack.MaxDepth {
		return 0, errTooDeep
	}
	e.take()
	e.out = append(e.out, 0)
	return len(e.out) - 1, nil
}

// close writes the head of the array or map that open began, now that its length is
// known.
func (e *encoder) close(at int, head []byte) {
	e.depth--
	e.out[at] = head[0]
	e.out = slices.Insert(e.out, at+1, head[1:]...)
}

// mismatch is the error for a next value that has another form than a t.
func (e *encoder) mismatch(t *signature.Type) error {
	got := shorten(string(e.skip()))
	if got == "null" {
		return problemf("got null, want %s, which is never null", show(t))
	}
	return problemf("got %s, want %s%s", got, show(t), form(t))
}

// form says what a t is in JSON, where its name doesn't.
func form(t *signature.Type) string {
	switch kind := kindOf(t); {
	case kind == signature.Bool:
		return ": true or false"
	case kind == signature.Duration:
		return `: text in quotes, such as "1h30m", or a number of nanoseconds`
	case kind.Numeric():
		return ": a number"
	case kind == signature.String:
		return ": text in quotes"
	case kind == signature.Bytes:
		return ": base64 in quotes"
	case kind == signature.Time:
		return ": text in quotes, as in RFC 3339"
	case kind == signature.List:
		return ": an array"
	case kind == signature.Map, kind == signature.Struct:
		return ": an object"
	}
	return ""
}

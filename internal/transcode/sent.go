package transcode

import (
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/signature"
)

// What a Go program sends without a stub is compared with the method's signature before it
// leaves, as JSON is when it arrives: a field that the method doesn't know would be skipped
// by its reader, and one that is missing would be zero there, both in silence. All else, such
// as text where a number is wanted, the reader refuses by itself.

// HasFields reports whether a struct is part of t, so that there are names to compare.
func HasFields(t *signature.Type) bool {
	behind := t // at half the speed: a type that contains itself comes round to it
	for step := 1; ; step++ {
		switch kindOf(t) {
		case signature.Struct:
			return true
		case signature.List, signature.Map, signature.Optional:
			t = t.Elem
		default:
			return false
		}
		if step%2 == 0 {
			behind = behind.Elem
		}
		if behind == t {
			return false
		}
	}
}

// SentType compares the type as which an argument travels with the one that its parameter
// has. The error says which names can't fit, whatever the value; always says that they fit
// whatever the value, and otherwise it depends: on an any, on the keys of a map, on a field
// that may be left out. See [SentValue].
func SentType(sent, want *signature.Type) (always bool, err error) {
	c := sentTypes{always: true, met: make(map[[2]*signature.Type]bool)}
	err = c.compare(sent, want)
	return c.always && err == nil, err
}

type sentTypes struct {
	always bool
	met    map[[2]*signature.Type]bool // pairs that are compared or being compared
}

func (c *sentTypes) compare(sent, want *signature.Type) error {
	if kindOf(want) == signature.Optional {
		want = want.Elem
	}
	if kindOf(sent) == signature.Optional {
		sent = sent.Elem
	}
	pair := [2]*signature.Type{sent, want}
	if c.met[pair] || kindOf(want) == signature.Any {
		return nil
	}
	c.met[pair] = true
	switch from, to := kindOf(sent), kindOf(want); {
	case from == signature.Any || from == signature.Map && to == signature.Struct:
		c.always = c.always && !HasFields(want)
	case from == signature.Struct && to == signature.Struct:
		return c.structs(sent, want)
	case from == signature.Struct && to == signature.Map:
		var faults Faults
		for _, f := range sent.Fields {
			if err := c.compare(f.Type, want.Elem); err != nil && !faults.Add(inside(shorten(f.Name), err)) {
				break
			}
		}
		return faults.Err()
	case from == signature.List && to == signature.List:
		return inside("[]", c.compare(sent.Elem, want.Elem))
	case from == signature.Map && to == signature.Map:
		return inside("[key]", c.compare(sent.Elem, want.Elem))
	}
	return nil
}

func (c *sentTypes) structs(sent, want *signature.Type) error {
	var faults Faults
	var names fieldFaults
	sends := make(map[string]bool, len(sent.Fields))
	shared := false
	for i, f := range sent.Fields {
		sends[f.Name] = true
		at := new(fieldIndex).find(want, f.Name, i)
		switch {
		case at >= 0:
			shared = true
			wanted := want.Fields[at].Type
			c.always = c.always && (!mayBeNull(f.Type) || mayBeNull(wanted))
			if err := c.compare(f.Type, wanted); err != nil && !faults.Add(inside(shorten(f.Name), err)) {
				return faults.Err()
			}
		case mayBeNull(f.Type):
			c.always = false // it may be left out
		default:
			names.unknown(f.Name, want)
		}
	}
	if !shared && len(want.Fields) > 0 {
		// Even if all of them may be left out, they are a mistake.
		for _, f := range sent.Fields {
			if mayBeNull(f.Type) {
				names.unknown(f.Name, want)
			}
		}
	}
	for _, f := range want.Fields {
		if !sends[f.Name] && !mayBeNull(f.Type) {
			names.missing(f.Name)
		}
	}
	if err := names.err(want); err != nil {
		faults = append(Faults{err}, faults...)
	}
	return faults.Err()
}

// SentValue steps over the next value, which is an argument of a parameter of type want, and
// says which names of fields in it aren't those of want, or are missing. After an error r may
// stand within the value.
func SentValue(r *codec.Reader, want *signature.Type) error {
	s := sentValue{Reader: r}
	return s.value(want)
}

type sentValue struct {
	*codec.Reader
	fields fieldIndex
}

func (s *sentValue) value(want *signature.Type) error {
	if kindOf(want) == signature.Optional {
		want = want.Elem
	}
	at := *s.Reader
	switch kindOf(want) {
	case signature.Struct:
		if n, err := s.MapHeader(); err == nil {
			return s.structure(n, want, at)
		}
	case signature.List:
		if n, err := s.ArrayHeader(); err == nil && HasFields(want) {
			return s.list(n, want.Elem)
		}
	case signature.Map:
		if n, err := s.MapHeader(); err == nil && HasFields(want) {
			return s.mapping(n, want.Elem)
		}
	}
	*s.Reader = at
	return s.Skip()
}

func (s *sentValue) list(n int, elem *signature.Type) error {
	var faults Faults
	for i := range n {
		if err := s.value(elem); err != nil && !faults.Add(inside(indexSegment(i), err)) {
			break
		}
	}
	return faults.Err()
}

func (s *sentValue) mapping(n int, elem *signature.Type) error {
	var faults Faults
	for range n {
		key, err := s.Raw()
		if err != nil {
			return err
		}
		if err := s.value(elem); err != nil && !faults.Add(inside(segmentOf(key), err)) {
			break
		}
	}
	return faults.Err()
}

// segmentOf is the path segment of the value under a key in msgpack.
func segmentOf(key []byte) string {
	text, err := JSON(key, nil)
	if err != nil {
		return "[key]"
	}
	return "[" + shorten(string(text)) + "]"
}

func (s *sentValue) structure(n int, want *signature.Type, at codec.Reader) error {
	var few [16]bool // enough for most, so that nothing is allocated
	met := few[:]
	if len(want.Fields) > len(few) {
		met = make([]bool, len(want.Fields))
	}
	var faults Faults
	var names fieldFaults
	for i := range n {
		name, err := s.BytesRef()
		if err != nil {
			*s.Reader = at // the reader says what the keys of a struct are
			return s.Skip()
		}
		field := s.fields.find(want, string(name), i)
		if field < 0 {
			names.unknown(string(name), want)
			if err := s.Skip(); err != nil {
				return err
			}
			continue
		}
		met[field] = true
		if err := s.value(want.Fields[field].Type); err != nil && !faults.Add(inside(shorten(want.Fields[field].Name), err)) {
			break
		}
	}
	for i, f := range want.Fields {
		if !met[i] && !mayBeNull(f.Type) {
			names.missing(f.Name)
		}
	}
	if err := names.err(want); err != nil {
		faults = append(Faults{err}, faults...)
	}
	return faults.Err()
}

package transcode

import "github.com/helium-rpc/helium/signature"

// fieldIndex finds the fields of structs by name. An index is made when its struct is
// first met, so that neither many fields nor many values cost more than their sum.
type fieldIndex map[*signature.Type]map[string]int

// find returns the place of the field of that name in t.Fields, or -1. Most senders
// keep the order of the fields, so the guess is tried first.
func (x *fieldIndex) find(t *signature.Type, name string, guess int) int {
	if guess < len(t.Fields) && t.Fields[guess].Name == name {
		return guess
	}
	if *x == nil {
		*x = make(fieldIndex)
	}
	index, ok := (*x)[t]
	if !ok {
		index = make(map[string]int, len(t.Fields))
		for i, f := range t.Fields {
			index[f.Name] = i
		}
		(*x)[t] = index
	}
	if i, ok := index[name]; ok {
		return i
	}
	return -1
}

// keySet holds the keys of an object that were met.
type keySet map[string]struct{}

// add reports whether key is new.
func (s *keySet) add(key []byte) bool {
	if _, known := (*s)[string(key)]; known {
		return false
	}
	if *s == nil {
		*s = make(keySet)
	}
	(*s)[string(key)] = struct{}{}
	return true
}

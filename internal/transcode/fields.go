package transcode

import (
	"fmt"
	"iter"

	"github.com/helium-rpc/helium/internal/nearest"
	"github.com/helium-rpc/helium/signature"
)

// fieldIndex finds the fields of structs by name. An index is made when its struct is
// first met, so that neither many fields nor many values cost more than their sum.
type fieldIndex map[*signature.Type]map[string]int

// find returns the place of the field of that name in t.Fields, or -1. Most senders
// keep the order of the fields, so the guess is tried first.
func (x *fieldIndex) find(t *signature.Type, name string, guess int) int {
	if guess < len(t.Fields) && t.Fields[guess].Name == name {
		return guess
	}
	if len(t.Fields) <= fewFields {
		for i := range t.Fields {
			if t.Fields[i].Name == name {
				return i
			}
		}
		return -1
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

// fewFields is how many fields are found as quickly without an index.
const fewFields = 8

// fieldFaults gathers what is wrong with the names of a struct's fields.
type fieldFaults struct {
	phrases []string
	shape   bool            // some phrase needs the struct's definition to be understood
	meant   map[string]bool // fields that others were perhaps meant for
}

// unknown notes a field that t doesn't have.
func (f *fieldFaults) unknown(name string, t *signature.Type) {
	if len(f.phrases) == mostFaults {
		return
	}
	near := nearestTo(name, fieldNames(t))
	if near != "" {
		if f.meant == nil {
			f.meant = make(map[string]bool)
		}
		f.meant[near] = true
	}
	f.shape = true
	f.phrases = append(f.phrases, fmt.Sprintf("there is no field %s%s", quote(name), didYouMean(near)))
}

// twice notes a field that is there a second time.
func (f *fieldFaults) twice(name string) {
	if len(f.phrases) < mostFaults {
		f.phrases = append(f.phrases, "two fields are "+quote(name))
	}
}

// missing notes a field of t that isn't there, unless another was perhaps meant for it.
func (f *fieldFaults) missing(name string) {
	if len(f.phrases) < mostFaults && !f.meant[name] {
		f.shape = true
		f.phrases = append(f.phrases, fmt.Sprintf("the field %s is missing", quote(name)))
	}
}

// err returns all of them as one error, nil if there are none.
func (f *fieldFaults) err(t *signature.Type) error {
	if f.phrases == nil {
		return nil
	}
	phrases := f.phrases
	if f.shape {
		phrases = append(phrases, "want "+show(t))
	}
	return problemf("%s", sentence(phrases...))
}

func fieldNames(t *signature.Type) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range t.Fields {
			if !yield(f.Name) {
				return
			}
		}
	}
}

// nearestTo returns the one name that another was most likely meant for, "" if none is near.
func nearestTo(name string, names iter.Seq[string]) string {
	near := nearest.Names(name, names)
	if len(near) == 0 {
		return ""
	}
	return near[0]
}

// didYouMean continues a message that says that there is no such name.
func didYouMean(near string) string {
	if near == "" {
		return ""
	}
	return "; did you mean " + quote(near) + "?"
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

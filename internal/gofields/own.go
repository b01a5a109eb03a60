package gofields

// OwnOf finds the methods that encode a type: the first pair that is whole, else the
// first halves.
//
// A struct that embeds a type with such methods has them, too, but they know nothing of
// its other fields. So of a struct only the methods count that are declared for it,
// unless the embedded field, by value, is all of it that would travel.
func OwnOf[T any](m Model[T], t T) Own {
	return judge[T]{model: m}.own(t, anyPair)
}

func anyPair(Pair) bool { return true }

// keyOwnOf is [OwnOf] for a type whose values are keys of a map, which have no use for
// MarshalJSON.
func keyOwnOf[T any](m Model[T], t T) Own {
	return judge[T]{model: m}.own(t, func(p Pair) bool { return p != JSON })
}

// judge decides which methods count. Types may embed each other by pointers, so it knows
// those that it is about to decide on.
type judge[T any] struct {
	model Model[T]
	open  []T
}

// opened is the judge while it decides on t, too.
func (j judge[T]) opened(t T) judge[T] { return judge[T]{j.model, at(j.open, t)} }

func (j judge[T]) own(t T, counts func(Pair) bool) Own {
	m := j.model
	find := func(promoted bool) (own Own) {
		has := func(method string) bool {
			has, declared := methodOf(m, t, method)
			return has && (declared || promoted)
		}
		for p := Msgpack; p <= Binary; p++ {
			if !counts(p) {
				continue
			}
			writes, reads := has(p.Writer()), has(p.Reader())
			if writes && reads {
				return Own{p, p}
			}
			if writes && own.Write == None {
				own.Write = p
			}
			if reads && own.Read == None {
				own.Read = p
			}
		}
		return own
	}
	members, isStruct := m.Members(t)
	if !isStruct {
		return find(true)
	}
	own := find(false)
	// A struct that is asked about on its own behalf has itself to carry, and so isn't only
	// what it embeds.
	if own.Whole() || contains(m, j.open, t) || !j.opened(t).isOneEmbedded(members) {
		return own
	}
	return find(true)
}

// isOneEmbedded reports whether all that would travel of a struct's fields is one that it
// embeds by value and that has an encoding of its own.
func (j judge[T]) isOneEmbedded(members []Member[T]) bool {
	found := false
	for _, f := range members {
		switch {
		case f.Embedded && j.encodes(f.Type):
			if found {
				return false
			}
			found = true
		case !f.Exported && !f.Embedded, ParseTag(f.Tag).Skip:
		case f.Embedded && j.lendsNothing(f.Type):
		default:
			return false
		}
	}
	return found
}

// lendsNothing reports a struct without fields that travel, such as a mark not to copy.
func (j judge[T]) lendsNothing(t T) bool {
	_, isStruct := j.model.Members(t)
	return isStruct && len(collect(j.model, t, j.encodes).List) == 0
}

func (j judge[T]) encodes(t T) bool { return isTime(j.model, t) || j.own(t, anyPair) != Own{} }

// Encodes reports whether values of a type travel in a form of their own, and not by
// their fields or elements.
func Encodes[T any](m Model[T], t T) bool { return judge[T]{model: m}.encodes(t) }

// IsZero reports whether the method IsZero of a type, or of a pointer to it, knows all of
// its fields: one that a struct only has from what it embeds knows nothing of the others.
func IsZero[T any](m Model[T], t T) bool {
	has, declared := methodOf(m, t, "IsZero")
	if !has || declared {
		return has
	}
	members, isStruct := m.Members(t)
	return !isStruct || judge[T]{model: m}.opened(t).isOneEmbedded(members)
}

// FieldsOf finds the fields of a struct by the rules of encoding/json: the exported ones,
// under the name in the tag, else their own; one with the tag "-" stays behind. An embedded
// struct, or pointer to one, without a name in its tag lends its fields to the struct
// around it. Of several fields with one name the least embedded counts, among those the
// one with the name in its tag.
//
// Where encoding/json would leave fields out without a word there is a fault: for two that
// neither rule decides between, for two of one struct, and for embedded types that aren't
// exported and can't be a field. A struct that has a form of its own on the wire lends
// nothing and is a field, as is one that contains the struct that embeds it.
func FieldsOf[T any](m Model[T], t T) Fields[T] {
	return collect(m, t, judge[T]{model: m}.encodes)
}

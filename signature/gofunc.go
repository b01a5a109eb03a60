package signature

import (
	"context"
	"fmt"
	"reflect"
)

var contextType = reflect.TypeFor[context.Context]()

// OfFunc returns the signature of a Go function under the given wire name. A
// function is
//
//	func([ctx context.Context,] args...) ([result][, error])
//
// without a receiver; variadic ones are fine. The types of arguments and result are
// translated as by [Types.OfType].
//
// The last parameter may be an iter.Seq2[T, error], which callers send as a stream, and so may
// be the result, then without an error beside it: each item comes with one.
//
// The error lists everything that keeps the function from being called remotely, a
// line each, and says how to mend it; then nothing is added to ts.
func (ts *Types) OfFunc(name string, fn reflect.Type) (*Method, error) {
	if fn == nil || fn.Kind() != reflect.Func {
		return nil, fmt.Errorf("method %.80s: %.100v is not a function", name, fn)
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	w := ts.newWalkLocked()
	if !validMethodName(name) {
		w.fault("", "%.80q can't be the name of a method; names match [A-Za-z][A-Za-z0-9_-]{0,%d}", name, MaxName-1)
	}
	m := &Method{Name: name, Variadic: fn.IsVariadic()}
	w.params(m, fn)
	w.result(m, fn)
	if w.faults == nil {
		if n := len(m.String()); n > MaxLength {
			w.fault("", "the signature is %d bytes long, at most %d fit; give the unnamed structs a name", n, MaxLength)
		}
	}
	if err := w.finishLocked(ts, fmt.Sprintf("method %.80s", name)); err != nil {
		return nil, err
	}
	return m, nil
}

// StreamItem returns the type of the items of an iter.Seq2[T, error], nil for any other type.
func StreamItem(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Func || t.NumIn() != 1 || t.NumOut() != 0 || t.IsVariadic() {
		return nil
	}
	yield := t.In(0)
	if yield.Kind() != reflect.Func || yield.NumIn() != 2 || yield.IsVariadic() || yield.In(1) != errorType || yield.NumOut() != 1 || yield.Out(0) != reflect.TypeFor[bool]() {
		return nil
	}
	return yield.In(0)
}

func (w *walk) params(m *Method, fn reflect.Type) {
	argument := 0
	for i := range fn.NumIn() {
		t := fn.In(i)
		if t == contextType {
			switch {
			case i == 0:
			case fn.In(0) == contextType:
				w.fault("", "there are two contexts; one, the first parameter, is all a call has")
			default:
				w.fault("", "context.Context is parameter %d; make it the first", i+1)
			}
			continue
		}
		argument++
		if item := StreamItem(t); item != nil {
			if i < fn.NumIn()-1 {
				w.fault("", "the stream is parameter %d; make it the last", i+1)
			}
			m.Sends = &Param{Type: w.typ(item, fmt.Sprintf("items of argument %d", argument), 2)}
			continue
		}
		if m.Variadic && i == fn.NumIn()-1 {
			t = t.Elem()
		}
		m.Params = append(m.Params, Param{Type: w.typ(t, fmt.Sprintf("argument %d", argument), 1)})
	}
}

func (w *walk) result(m *Method, fn reflect.Type) {
	results := fn.NumOut()
	if results > 0 {
		if item := StreamItem(fn.Out(0)); item != nil {
			if results > 1 {
				w.fault("", "it returns more than a stream; return the stream alone, whose items come with their errors")
			}
			m.Yields = w.typ(item, "items of the result", 2)
			return
		}
	}
	if results > 0 && fn.Out(results-1) == errorType {
		results--
	}
	for i := range results {
		if fn.Out(i) == errorType {
			w.fault("", "result %d is an error; an error can be the last result only", i+1)
			return
		}
	}
	switch {
	case results == 0:
	case results > 1:
		w.fault("", "it returns %d values; return one, such as a struct of them, and an error", results)
	case results == fn.NumOut() && fn.Out(0).Implements(errorType):
		w.fault("", "it returns %v as its result; return the interface error instead", fn.Out(0))
	default:
		m.Result = w.typ(fn.Out(0), "result", 1)
	}
}

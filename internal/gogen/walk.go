package gogen

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"slices"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/helium-rpc/helium/internal/gofields"
	"github.com/helium-rpc/helium/signature"
)

// maxNodes bounds how many parts the types of one method may have.
const maxNodes = 10_000

// doesNotCompile is the fault of a type that the compiler has faults of its own with.
const doesNotCompile = "its type doesn't compile"

// walk turns the Go types of an interface into types of Helium's notation. It takes the
// decisions that package signature takes of the same types by reflection, in the same
// order, so that both give a type the same name; a test holds the two together.
type walk struct {
	faults *faults
	home   *types.Package             // faults in its structs are told at their fields
	named  map[string]*signature.Type // by name
	ofGo   typeutil.Map               // types.Type → *signature.Type: those that have a name
	open   typeutil.Map               // types.Type → *signature.Type: named lists and maps being walked
	nodes  int                        // of the method at hand

	goTypes map[string]*types.Named // what became the named types
	enums   []*types.Named          // what may be enums, as they are met
	enumOf  typeutil.Map            // types.Type → *signature.Type: one for all places of an enum

	subject string    // of faults: "add: argument 1"
	pos     token.Pos // of the parameter or result at hand
}

func newWalk(home *types.Package, faults *faults) *walk {
	return &walk{faults: faults, home: home, named: make(map[string]*signature.Type), goTypes: make(map[string]*types.Named)}
}

// of returns the type of a parameter or result that stands at pos.
func (w *walk) of(t types.Type, subject string, pos token.Pos) *signature.Type {
	w.subject, w.pos = subject, pos
	return w.typ(t, "", 1)
}

// definitions returns what the names of types stand for.
func (w *walk) definitions() map[string]string {
	definitions := make(map[string]string, len(w.named))
	for name, t := range w.named {
		definitions[name] = t.Definition()
	}
	return definitions
}

func (w *walk) fault(at, format string, args ...any) {
	if at != "" {
		at = ", " + at
	}
	w.faults.add(w.pos, "%s%s: %s", w.subject, at, fmt.Sprintf(format, args...))
}

func scalar(k signature.Kind) *signature.Type { return &signature.Type{Kind: k} }

// optional returns t?; what may be null already stays as it is.
func optional(t *signature.Type) *signature.Type {
	if t.Kind == signature.Optional || t.Kind == signature.Any {
		return t
	}
	return &signature.Type{Kind: signature.Optional, Elem: t}
}

// typ returns the type as which t travels, the given number of levels deep. On a fault
// it returns any type: it won't be used.
func (w *walk) typ(t types.Type, at string, depth int) *signature.Type {
	made := w.made(t, at, depth)
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return made
	}
	if _, basic := named.Underlying().(*types.Basic); !basic || made.Kind > signature.Uint64 && made.Kind != signature.String {
		return made
	}
	// An enum, maybe. Wherever it is met it is the same, so that it can be named later.
	if known, ok := w.enumOf.At(named).(*signature.Type); ok {
		return known
	}
	w.enumOf.Set(named, made)
	w.enums = append(w.enums, named)
	return made
}

// made is typ but for what is known of enums.
func (w *walk) made(t types.Type, at string, depth int) *signature.Type {
	t = types.Unalias(t)
	if w.nodes++; w.nodes >= maxNodes {
		if w.nodes == maxNodes {
			w.fault(at, "the types have more than %d parts; give the unnamed structs a name", maxNodes)
		}
		return scalar(signature.Any)
	}
	if depth > signature.MaxDepth {
		w.fault(at, "%s nests deeper than %d levels or is a pointer to itself; make an inner part a named struct", shortType(t), signature.MaxDepth)
		return scalar(signature.Any)
	}
	switch form := gofields.FormOf(sourceTypes{}, t); form {
	case gofields.AsInterface:
		return w.ofInterface(t, t.Underlying().(*types.Interface), at)
	case gofields.Half:
		return w.ofHalves(gofields.OwnOf(sourceTypes{}, t), t, at)
	case gofields.AsPointer:
		return optional(w.typ(elemOf(t), at, depth+1))
	case gofields.AsStruct:
		return w.ofStruct(t, at, depth)
	case gofields.AsList:
		return w.ofContainer(t, func(node *signature.Type) {
			node.Kind = signature.List
			node.Elem = w.typ(elemOf(t), at, depth+1)
		})
	case gofields.AsMap:
		return w.ofContainer(t, func(node *signature.Type) {
			node.Kind = signature.Map
			node.Key = w.key(t.Underlying().(*types.Map).Key(), at, depth)
			node.Elem = w.typ(elemOf(t), at, depth+1)
		})
	case gofields.Unsendable:
		if kind := (sourceTypes{}).Kind(t); kind == reflect.Invalid {
			w.fault(at, doesNotCompile)
		} else {
			w.fault(at, "%s can't travel; %s", shortType(t), gofields.Advice(kind))
		}
		return scalar(signature.Any)
	default:
		return scalar(kindOf(form, t))
	}
}

// ofHalves tells of methods of t's own that lack their other half.
func (w *walk) ofHalves(own gofields.Own, t types.Type, at string) *signature.Type {
	w.fault(at, "%s has %s, so what is written couldn't be read; add the other half", shortType(t), own.Halves())
	return scalar(signature.Any)
}

func (w *walk) ofInterface(t types.Type, i *types.Interface, at string) *signature.Type {
	switch {
	case isError(t):
		w.fault(at, "an error can be a method's last result only; send its text, or a struct")
	case i.NumMethods() > 0:
		w.fault(at, "the interface %s can't travel, as the reader couldn't know what to make; use a struct, or any", shortType(t))
	}
	return scalar(signature.Any)
}

// ofContainer returns the type of a list or a map, which fill completes. A named one
// that contains itself keeps its name; any other is what it is made of.
func (w *walk) ofContainer(t types.Type, fill func(node *signature.Type)) *signature.Type {
	if known, ok := w.ofGo.At(t).(*signature.Type); ok {
		return known
	}
	if open, ok := w.open.At(t).(*signature.Type); ok && open != nil {
		w.name(open, t)
		return open
	}
	node := &signature.Type{}
	if runtimeName(t) != "" {
		w.open.Set(t, node)
		defer w.open.Delete(t)
	}
	fill(node)
	return node
}

func (w *walk) key(t types.Type, at string, depth int) *signature.Type {
	faults := len(w.faults.list)
	var key *signature.Type
	switch form, own := gofields.KeyFormOf(sourceTypes{}, t); form {
	case gofields.Half:
		key = w.ofHalves(own, t, at)
	case gofields.AsScalar, gofields.AsText, gofields.AsBytes:
		key = scalar(kindOf(form, t))
	default:
		key = w.typ(t, at, depth+1)
	}
	if len(w.faults.list) == faults && !key.Kind.MayBeKey() {
		w.fault(at, "%s can't be the key of a map; use a string, an integer, a bool or [N]byte", shortType(t))
	}
	return key
}

// ofStruct returns the type of a struct without an encoding of its own. One that has a
// name in Go is a named type: it may contain itself.
func (w *walk) ofStruct(t types.Type, at string, depth int) *signature.Type {
	if known, ok := w.ofGo.At(t).(*signature.Type); ok {
		return known
	}
	node := &signature.Type{Kind: signature.Struct}
	if runtimeName(t) != "" {
		w.name(node, t)
		depth = 1
	}
	outerPos := w.pos
	defer func() { w.pos = outerPos }()
	fields := fieldsOf(t, func(pos token.Pos, path, problem string) {
		w.pos = outerPos
		if path == "" {
			w.fault(at, "%s", problem)
			return
		}
		w.moveTo(pos)
		w.fault(fieldPath(at, path), "%s", problem)
	})
	for _, f := range fields {
		w.pos = outerPos
		w.moveTo(f.pos())
		inner := depth + 1
		if f.MayMiss {
			inner++ // as if it were a pointer
		}
		ft := w.typ(f.Type, fieldPath(at, f.Path), inner)
		_, isPointer := gofields.Pointee(sourceTypes{}, f.Type)
		if f.AsString {
			ft = scalar(signature.String)
		}
		if f.MayMiss || f.AsString && isPointer {
			ft = optional(ft)
		}
		node.Fields = append(node.Fields, signature.Field{Name: f.Name, Type: ft})
	}
	return node
}

// moveTo makes a field the place of faults, if it is in a file of the package at hand.
func (w *walk) moveTo(pos token.Pos) {
	if scope := w.home.Scope().Innermost(pos); scope != nil {
		w.pos = pos
	}
}

// name makes node, which stands for t, a named type.
func (w *walk) name(node *signature.Type, t types.Type) {
	node.Name = freeName(t, func(name string) bool { return w.named[name] != nil })
	w.named[node.Name] = node
	w.goTypes[node.Name], _ = types.Unalias(t).(*types.Named)
	w.ofGo.Set(t, node)
}

func fieldPath(at, path string) string {
	if at == "" {
		return "field " + path
	}
	return at + ", field " + path
}

// nameEnums gives names to the types that constants are declared of, after all others.
// From now on signatures have them.
func (w *walk) nameEnums(values func(*types.Named) []enumValue, doc func(*types.TypeName) string) (enums []enum) {
	taken := maps.Clone(w.named)
	for _, t := range w.enums {
		node := w.enumOf.At(t).(*signature.Type)
		e := enum{kind: node.Kind, doc: doc(t.Obj()), values: values(t)}
		if len(e.values) == 0 {
			continue
		}
		e.name = freeName(t, func(name string) bool { return taken[name] != nil })
		taken[e.name] = node
		node.Name = e.name
		enums = append(enums, e)
	}
	slices.SortFunc(enums, func(a, b enum) int { return cmp.Compare(a.name, b.name) })
	return enums
}

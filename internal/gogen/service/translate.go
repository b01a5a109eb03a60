package service

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
	"github.com/helium-rpc/helium/internal/gogen/gotype"
	"github.com/helium-rpc/helium/internal/gogen/source"
	"github.com/helium-rpc/helium/signature"
)

// maxNodes bounds how many parts the types of one method may have.
const maxNodes = 10_000

// DoesNotCompile is the fault of a type that the compiler has faults of its own with.
const DoesNotCompile = "its type doesn't compile"

// translator turns the Go types of an interface into types of Helium's notation. It takes the
// decisions that package signature takes of the same types by reflection, in the same
// order, so that both give a type the same name; a test holds the two together.
type translator struct {
	faults *source.Collector
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

func newTranslator(home *types.Package, faults *source.Collector) *translator {
	return &translator{faults: faults, home: home, named: make(map[string]*signature.Type), goTypes: make(map[string]*types.Named)}
}

// of returns the type of a parameter or result that stands at pos.
func (tr *translator) of(t types.Type, subject string, pos token.Pos) *signature.Type {
	tr.subject, tr.pos = subject, pos
	return tr.typ(t, "", 1)
}

// ofItem is of for the items of a stream.
func (tr *translator) ofItem(t types.Type, subject string, pos token.Pos) *signature.Type {
	tr.subject, tr.pos = subject, pos
	return tr.typ(t, "", 2)
}

// definitions returns what the names of types stand for.
func (tr *translator) definitions() map[string]string {
	definitions := make(map[string]string, len(tr.named))
	for name, t := range tr.named {
		definitions[name] = t.Definition()
	}
	return definitions
}

func (tr *translator) fault(at, format string, args ...any) {
	if at != "" {
		at = ", " + at
	}
	tr.faults.Add(tr.pos, "%s%s: %s", tr.subject, at, fmt.Sprintf(format, args...))
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
func (tr *translator) typ(t types.Type, at string, depth int) *signature.Type {
	made := tr.made(t, at, depth)
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return made
	}
	if _, basic := named.Underlying().(*types.Basic); !basic || made.Kind > signature.Uint64 && made.Kind != signature.String {
		return made
	}
	// An enum, maybe. Wherever it is met it is the same, so that it can be named later.
	if known, ok := tr.enumOf.At(named).(*signature.Type); ok {
		return known
	}
	tr.enumOf.Set(named, made)
	tr.enums = append(tr.enums, named)
	return made
}

// made is typ but for what is known of enums.
func (tr *translator) made(t types.Type, at string, depth int) *signature.Type {
	t = types.Unalias(t)
	if tr.nodes++; tr.nodes >= maxNodes {
		if tr.nodes == maxNodes {
			tr.fault(at, "the types have more than %d parts; give the unnamed structs a name", maxNodes)
		}
		return scalar(signature.Any)
	}
	if depth > signature.MaxDepth {
		tr.fault(at, "%s nests deeper than %d levels or is a pointer to itself; make an inner part a named struct", gotype.ShortType(t), signature.MaxDepth)
		return scalar(signature.Any)
	}
	switch form := gofields.FormOf(gotype.Model{}, t); form {
	case gofields.AsInterface:
		return tr.ofInterface(t, t.Underlying().(*types.Interface), at)
	case gofields.Half:
		return tr.ofHalves(gofields.OwnOf(gotype.Model{}, t), t, at)
	case gofields.AsPointer:
		return optional(tr.typ(gotype.ElemOf(t), at, depth+1))
	case gofields.AsStruct:
		return tr.ofStruct(t, at, depth)
	case gofields.AsList:
		return tr.ofContainer(t, func(node *signature.Type) {
			node.Kind = signature.List
			node.Elem = tr.typ(gotype.ElemOf(t), at, depth+1)
		})
	case gofields.AsMap:
		return tr.ofContainer(t, func(node *signature.Type) {
			node.Kind = signature.Map
			node.Key = tr.key(t.Underlying().(*types.Map).Key(), at, depth)
			node.Elem = tr.typ(gotype.ElemOf(t), at, depth+1)
		})
	case gofields.Unsendable:
		if kind := (gotype.Model{}).Kind(t); kind == reflect.Invalid {
			tr.fault(at, DoesNotCompile)
		} else {
			tr.fault(at, "%s can't travel; %s", gotype.ShortType(t), adviceOn(t, kind))
		}
		return scalar(signature.Any)
	default:
		return scalar(gotype.KindOf(form, t))
	}
}

// ofHalves tells of methods of t's own that lack their other half.
func (tr *translator) ofHalves(own gofields.Own, t types.Type, at string) *signature.Type {
	tr.fault(at, "%s has %s, so what is written couldn't be read; add the other half", gotype.ShortType(t), own.Halves())
	return scalar(signature.Any)
}

func (tr *translator) ofInterface(t types.Type, i *types.Interface, at string) *signature.Type {
	switch {
	case gotype.IsError(t):
		tr.fault(at, "an error can be a method's last result only; send its text, or a struct")
	case i.NumMethods() > 0:
		tr.fault(at, "the interface %s can't travel, as the reader couldn't know what to make; use a struct, or any", gotype.ShortType(t))
	}
	return scalar(signature.Any)
}

// ofContainer returns the type of a list or a map, which fill completes. A named one
// that contains itself keeps its name; any other is what it is made of.
func (tr *translator) ofContainer(t types.Type, fill func(node *signature.Type)) *signature.Type {
	if known, ok := tr.ofGo.At(t).(*signature.Type); ok {
		return known
	}
	if open, ok := tr.open.At(t).(*signature.Type); ok && open != nil {
		tr.name(open, t)
		return open
	}
	node := &signature.Type{}
	if gotype.NameOf(t) != "" {
		tr.open.Set(t, node)
		defer tr.open.Delete(t)
	}
	fill(node)
	return node
}

func (tr *translator) key(t types.Type, at string, depth int) *signature.Type {
	faults := tr.faults.Count()
	var key *signature.Type
	switch form, own := gofields.KeyFormOf(gotype.Model{}, t); form {
	case gofields.Half:
		key = tr.ofHalves(own, t, at)
	case gofields.AsScalar, gofields.AsText, gofields.AsBytes:
		key = scalar(gotype.KindOf(form, t))
	default:
		key = tr.typ(t, at, depth+1)
	}
	if tr.faults.Count() == faults && !key.Kind.MayBeKey() {
		tr.fault(at, "%s can't be the key of a map; use a string, an integer, a bool or [N]byte", gotype.ShortType(t))
	}
	return key
}

// ofStruct returns the type of a struct without an encoding of its own. One that has a
// name in Go is a named type: it may contain itself.
func (tr *translator) ofStruct(t types.Type, at string, depth int) *signature.Type {
	if known, ok := tr.ofGo.At(t).(*signature.Type); ok {
		return known
	}
	node := &signature.Type{Kind: signature.Struct}
	if gotype.NameOf(t) != "" {
		tr.name(node, t)
		depth = 1
	}
	outerPos := tr.pos
	defer func() { tr.pos = outerPos }()
	fields := gotype.FieldsOf(t, func(pos token.Pos, path, problem string) {
		tr.pos = outerPos
		if path == "" {
			tr.fault(at, "%s", problem)
			return
		}
		tr.moveTo(pos)
		tr.fault(fieldPath(at, path), "%s", problem)
	})
	for _, f := range fields {
		tr.pos = outerPos
		tr.moveTo(f.Pos())
		inner := depth + 1
		if f.MayMiss {
			inner++ // as if it were a pointer
		}
		ft := tr.typ(f.Type, fieldPath(at, f.Path), inner)
		_, isPointer := gofields.Pointee(gotype.Model{}, f.Type)
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
func (tr *translator) moveTo(pos token.Pos) {
	if scope := tr.home.Scope().Innermost(pos); scope != nil {
		tr.pos = pos
	}
}

// name makes node, which stands for t, a named type.
func (tr *translator) name(node *signature.Type, t types.Type) {
	node.Name = gotype.FreeName(t, func(name string) bool { return tr.named[name] != nil })
	tr.named[node.Name] = node
	tr.goTypes[node.Name], _ = types.Unalias(t).(*types.Named)
	tr.ofGo.Set(t, node)
}

func fieldPath(at, path string) string {
	if at == "" {
		return "field " + path
	}
	return at + ", field " + path
}

// nameEnums gives names to the types that constants are declared of, after all others.
// From now on signatures have them.
func (tr *translator) nameEnums(values func(*types.Named) []EnumValue, doc func(*types.TypeName) string) (enums []Enum) {
	taken := maps.Clone(tr.named)
	for _, t := range tr.enums {
		node := tr.enumOf.At(t).(*signature.Type)
		e := Enum{Kind: node.Kind, Doc: doc(t.Obj()), Values: values(t)}
		if len(e.Values) == 0 {
			continue
		}
		e.Name = gotype.FreeName(t, func(name string) bool { return taken[name] != nil })
		taken[e.Name] = node
		node.Name = e.Name
		enums = append(enums, e)
	}
	slices.SortFunc(enums, func(a, b Enum) int { return cmp.Compare(a.Name, b.Name) })
	return enums
}

// adviceOn says what to use in place of a type that can't travel.
func adviceOn(t types.Type, kind reflect.Kind) string {
	if gotype.IsIterator(t) {
		return gofields.IteratorAdvice
	}
	return gofields.Advice(kind)
}

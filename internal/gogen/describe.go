package gogen

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"
)

// heliumPath is the path of this module and of its root package.
const heliumPath = "github.com/helium-rpc/helium"

// describe reads what the comment of a method says beside its types.
func (r *reader) describe(m *method) {
	c := r.comments.of(m.fn)
	m.doc = c.doc
	for _, d := range c.directives {
		if problem := r.direct(m, d); problem != "" {
			r.faults.list = append(r.faults.list, Fault{d.pos, m.fn.Name() + ": " + problem})
		}
	}
}

// direct follows one directive. It returns what is wrong with it.
func (r *reader) direct(m *method, d directive) (problem string) {
	switch d.name {
	case "idempotent":
		if d.args != "" {
			return fmt.Sprintf("//helium:idempotent takes nothing behind it, and there is %q", cut(d.args))
		}
		m.idempotent = true
	case "error":
		if d.args == "" {
			return "//helium:error names no error; write it as in //helium:error ErrDivisionByZero"
		}
		for _, name := range strings.FieldsFunc(d.args, func(c rune) bool { return c == ' ' || c == ',' || c == '\t' }) {
			v, problem := r.errorVariable(m, name)
			if problem != "" {
				return problem
			}
			m.errors = append(m.errors, v)
		}
	case "example":
		return m.addExample(d.args)
	default:
		if name, spaced := strings.CutPrefix(d.name, " "); spaced {
			return fmt.Sprintf("a directive has no space after the slashes; write //helium:%s", name)
		}
		return fmt.Sprintf("there is no directive //helium:%s; there are idempotent, error and example", cut(d.name))
	}
	return ""
}

// errorVariable finds a variable of type *helium.Error by its name in the package that
// the method stands in, or in one that it imports.
func (r *reader) errorVariable(m *method, name string) (v *types.Var, problem string) {
	pkg := m.fn.Pkg()
	scope := pkg.Scope()
	local := name
	if qualifier, rest, ok := strings.Cut(name, "."); ok {
		local, scope = rest, nil
		for _, imported := range pkg.Imports() {
			if imported.Name() == qualifier {
				scope = imported.Scope()
			}
		}
		if scope == nil {
			return nil, fmt.Sprintf("//helium:error %s: package %s imports no %s", name, pkg.Name(), qualifier)
		}
	}
	v, ok := scope.Lookup(local).(*types.Var)
	if !ok {
		return nil, fmt.Sprintf("//helium:error %s: there is no such variable; declare it with helium.NewError", name)
	}
	p, ok := types.Unalias(v.Type()).(*types.Pointer)
	if !ok || !isNamed(p.Elem(), heliumPath, "Error") {
		return nil, fmt.Sprintf("//helium:error %s: its type is %s, and an error that callers recognise is a *helium.Error; declare it with helium.NewError", name, shortType(v.Type()))
	}
	if v.Pkg() != r.pkg.Types && !v.Exported() {
		return nil, fmt.Sprintf("//helium:error %s: it isn't exported by package %s", name, v.Pkg().Name())
	}
	return v, ""
}

func (m *method) addExample(text string) (problem string) {
	if m.example != (example{}) {
		return "it has two examples; leave the one that tells more"
	}
	e, count, err := parseExample(text)
	if err != nil {
		return "//helium:example: " + err.Error()
	}
	want := fmt.Sprint(len(m.params))
	fits := count == len(m.params)
	if m.variadic {
		want = fmt.Sprintf("at least %d", len(m.params)-1)
		fits = count >= len(m.params)-1
	}
	if !fits {
		return fmt.Sprintf("//helium:example has %d arguments, want %s", count, want)
	}
	if e.result != "" && m.result == nil {
		return "//helium:example has a result, and the method returns none"
	}
	m.example = e
	return ""
}

// nameable finds types that generated code, which stands in the package at hand, can't
// name: those that other packages keep to themselves.
func (r *reader) nameable(t types.Type, subject string, pos token.Pos) {
	switch t := t.(type) {
	case *types.Alias:
		if r.isForeignSecret(t.Obj()) {
			r.nameable(types.Unalias(t), subject, pos)
		}
	case *types.Named:
		if r.isForeignSecret(t.Obj()) {
			r.faults.add(pos, "%s: %s isn't exported by its package, so generated code can't name it; export it", subject, shortType(t))
		}
		for i := range t.TypeArgs().Len() {
			r.nameable(t.TypeArgs().At(i), subject, pos)
		}
	case *types.Pointer:
		r.nameable(t.Elem(), subject, pos)
	case *types.Slice:
		r.nameable(t.Elem(), subject, pos)
	case *types.Array:
		r.nameable(t.Elem(), subject, pos)
	case *types.Map:
		r.nameable(t.Key(), subject, pos)
		r.nameable(t.Elem(), subject, pos)
	}
}

func (r *reader) isForeignSecret(obj *types.TypeName) bool {
	return obj.Pkg() != nil && obj.Pkg() != r.pkg.Types && !obj.Exported()
}

// ordinal names an argument for people: "2 (b)".
func ordinal(n int, name string) string {
	if name == "" || name == "_" {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d (%s)", n, name)
}

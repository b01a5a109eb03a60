package gogen

import (
	"fmt"
	"go/types"
	"strings"
)

// follow does to a method what a directive says, for code in the package home. It returns
// what is wrong with the directive.
func follow(d directive, m *method, home *types.Package) (problem string) {
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
			v, problem := errorVariable(name, m.fn.Pkg(), home)
			if problem != "" {
				return problem
			}
			m.errors = append(m.errors, v)
		}
	case "example":
		return addExample(m, d.args)
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
func errorVariable(name string, pkg, home *types.Package) (v *types.Var, problem string) {
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
	if v.Pkg() != home && !v.Exported() {
		return nil, fmt.Sprintf("//helium:error %s: it isn't exported by package %s", name, v.Pkg().Name())
	}
	return v, ""
}

// addExample reads the example of a call, and makes sure that the method takes it.
func addExample(m *method, text string) (problem string) {
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

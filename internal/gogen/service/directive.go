package service

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
	"github.com/helium-rpc/helium/internal/gogen/source"
)

// follow does to a method what a directive says, for code in the package home. It returns
// what is wrong with the directive.
func follow(d source.Directive, m *Method, home *types.Package) (problem string) {
	switch d.Name {
	case "idempotent":
		if d.Args != "" {
			return fmt.Sprintf("//helium:idempotent takes nothing behind it, and there is %q", source.Cut(d.Args))
		}
		m.Idempotent = true
	case "error":
		if d.Args == "" {
			return "//helium:error names no error; write it as in //helium:error ErrDivisionByZero"
		}
		for _, name := range strings.FieldsFunc(d.Args, func(c rune) bool { return c == ' ' || c == ',' || c == '\t' }) {
			v, problem := errorVariable(name, m.Func.Pkg(), home)
			if problem != "" {
				return problem
			}
			m.Errors = append(m.Errors, v)
		}
	case "example":
		return addExample(m, d.Args)
	default:
		if name, spaced := strings.CutPrefix(d.Name, " "); spaced {
			return fmt.Sprintf("a directive has no space after the slashes; write //helium:%s", name)
		}
		return fmt.Sprintf("there is no directive //helium:%s; there are idempotent, error and example", source.Cut(d.Name))
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
	if !ok || !gotype.IsNamed(p.Elem(), source.HeliumPath, "Error") {
		return nil, fmt.Sprintf("//helium:error %s: its type is %s, and an error that callers recognise is a *helium.Error; declare it with helium.NewError", name, gotype.ShortType(v.Type()))
	}
	if v.Pkg() != home && !v.Exported() {
		return nil, fmt.Sprintf("//helium:error %s: it isn't exported by package %s", name, v.Pkg().Name())
	}
	return v, ""
}

// addExample reads the example of a call, and makes sure that the method takes it.
func addExample(m *Method, text string) (problem string) {
	if m.Example != (Example{}) {
		return "it has two examples; leave the one that tells more"
	}
	e, count, err := parseExample(text)
	if err != nil {
		return "//helium:example: " + err.Error()
	}
	want := fmt.Sprint(len(m.Params))
	fits := count == len(m.Params)
	if m.Variadic {
		want = fmt.Sprintf("at least %d", len(m.Params)-1)
		fits = count >= len(m.Params)-1
	}
	if !fits {
		return fmt.Sprintf("//helium:example has %d arguments, want %s", count, want)
	}
	if e.Result != "" && m.Result == nil {
		return "//helium:example has a result, and the method returns none"
	}
	m.Example = e
	return ""
}

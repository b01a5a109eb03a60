package gogen

import (
	"fmt"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

var (
	// methodLocals are the names that the methods and handlers use themselves.
	methodLocals = []string{"c", "ctx", "call", "impl", "err", "at", "result", "i", "n", "raw"}
	// codecLocals are those of the other functions.
	codecLocals = []string{"w", "r", "v", "list", "m", "p", "key", "value", "name", "srv", "service", "types"}
	// locals are all. A type of the package that has such a name gets another one in the
	// generated file, as it would be hidden.
	locals = slices.Concat(methodLocals, codecLocals)
)

// predeclared are the names of Go itself that generated code can't do without.
var predeclared = []string{
	"bool", "byte", "error", "float32", "float64", "int", "int8", "int16", "int32", "int64", "rune", "string",
	"uint", "uint8", "uint16", "uint32", "uint64", "any", "false", "nil", "len", "make", "new",
}

// hidden tells of names of Go itself that the package uses for something of its own.
func hidden(pkg *types.Package, faults *faults) {
	for _, name := range predeclared {
		if other := pkg.Scope().Lookup(name); other != nil {
			faults.add(other.Pos(), "%s is declared here and hides Go's own %s, which generated code needs; rename it", name, name)
		}
	}
}

// free returns the name, with underscores behind it if the package or the file uses it for
// something else.
func (g *generator) free(name string) string {
	for g.svc.pkg.Scope().Lookup(name) != nil || g.imports.taken[name] {
		name += "_"
	}
	return name
}

// private returns a name of the file's own: "stockAddSignature".
func (g *generator) private(what string) string {
	return g.free(signature.WireName(g.prefix) + what)
}

// ofHome is what the name of a type of the package at hand begins with until typ is done
// with it.
const ofHome = "\x01"

var homeType = regexp.MustCompile(ofHome + `\.([\p{L}_][\p{L}\p{Nd}_]*)`)

// typ writes a type as the file names it.
func (g *generator) typ(t types.Type) string {
	text := types.TypeString(t, func(p *types.Package) string {
		if p == g.svc.pkg {
			return ofHome
		}
		return g.imports.of(p)
	})
	return homeType.ReplaceAllStringFunc(text, func(qualified string) string {
		_, name, _ := strings.Cut(qualified, ".")
		declared, ok := g.svc.pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok || !slices.Contains(locals, name) || hasTypeParams(declared.Type()) {
			return name
		}
		if g.aliases[name] == "" {
			g.aliases[name] = g.private(capital(name) + "Type")
		}
		return g.aliases[name]
	})
}

// fieldName returns the name of the client's field for a method, which no other has.
func (g *generator) fieldName(wire string) string {
	name := wire
	if token.IsKeyword(wire) {
		name += "Method"
	}
	isOther := func(m *method) bool { return m.name == name }
	for name != wire && slices.ContainsFunc(g.svc.methods, isOther) {
		name += "_"
	}
	return name
}

// paramNames returns the names of the parameters in generated code: those of the source
// where nothing else has them.
func (g *generator) paramNames(m *method) []string {
	taken := make(map[string]bool)
	for _, name := range methodLocals {
		taken[name] = true
	}
	names := make([]string, len(m.params))
	for i, p := range m.params {
		name := p.name
		if name == "" || name == "_" {
			name = fmt.Sprintf("a%d", i+1)
		}
		if g.isOurs(name) {
			name = "_" + name
		}
		for taken[name] || g.isUsed(name) {
			name += "_"
		}
		taken[name] = true
		names[i] = name
	}
	return names
}

// isUsed reports a name that means something in the whole file, or may before it is done.
func (g *generator) isUsed(name string) bool {
	return types.Universe.Lookup(name) != nil || g.svc.pkg.Scope().Lookup(name) != nil || g.imports.taken[name] || name == "strconv"
}

// isOurs reports a name that may be one of the file's own.
func (g *generator) isOurs(name string) bool {
	own := signature.WireName(g.prefix)
	return name != own && strings.HasPrefix(name, own) || name == "explain"+g.prefix ||
		strings.HasPrefix(name, "read"+g.prefix) || strings.HasPrefix(name, "write"+g.prefix)
}

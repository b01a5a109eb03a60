package stub

import (
	"fmt"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
	"github.com/helium-rpc/helium/internal/gogen/service"
	"github.com/helium-rpc/helium/signature"
)

// names are the names of things in the generated file.
type names struct {
	home    *types.Package
	prefix  string // of the names of functions: "Stock"
	imports *imports
	aliases map[string]string // of types of the package whose names would be hidden
}

func newNames(home *types.Package, iface string) *names {
	return &names{home: home, prefix: gotype.Capital(iface), imports: newImports(home), aliases: make(map[string]string)}
}

// free returns the name, with underscores behind it if the package or the file uses it for
// something else.
func (n *names) free(name string) string {
	for n.home.Scope().Lookup(name) != nil || n.imports.taken[name] {
		name += "_"
	}
	return name
}

// private returns a name of the file's own: "stockAddSignature".
func (n *names) private(what string) string {
	return n.free(signature.WireName(n.prefix) + what)
}

// ofHome is what the name of a type of the package at hand begins with until typ is done
// with it.
const ofHome = "\x01"

var homeType = regexp.MustCompile(ofHome + `\.([\p{L}_][\p{L}\p{Nd}_]*)`)

// typ writes a type as the file names it.
func (n *names) typ(t types.Type) string {
	text := types.TypeString(t, func(p *types.Package) string {
		if p == n.home {
			return ofHome
		}
		return n.imports.of(p)
	})
	return homeType.ReplaceAllStringFunc(text, func(qualified string) string {
		_, name, _ := strings.Cut(qualified, ".")
		declared, ok := n.home.Scope().Lookup(name).(*types.TypeName)
		if !ok || !slices.Contains(locals, name) || gotype.HasTypeParams(declared.Type()) {
			return name
		}
		if n.aliases[name] == "" {
			n.aliases[name] = n.private(gotype.Capital(name) + "Type")
		}
		return n.aliases[name]
	})
}

// fieldName returns the name of the client's field for one of its methods, which no other has.
func fieldName(wire string, methods []*service.Method) string {
	name := wire
	if token.IsKeyword(wire) {
		name += "Method"
	}
	isOther := func(m *service.Method) bool { return m.Wire == name }
	for name != wire && slices.ContainsFunc(methods, isOther) {
		name += "_"
	}
	return name
}

// params returns the names of the parameters in generated code: those of the source
// where nothing else has them.
func (n *names) params(params []service.Param) []string {
	taken := make(map[string]bool)
	for _, name := range methodLocals {
		taken[name] = true
	}
	free := make([]string, len(params))
	for i, p := range params {
		name := p.Name
		if name == "" || name == "_" {
			name = fmt.Sprintf("a%d", i+1)
		}
		if n.isOurs(name) {
			name = "_" + name
		}
		for taken[name] || n.isUsed(name) {
			name += "_"
		}
		taken[name] = true
		free[i] = name
	}
	return free
}

// isUsed reports a name that means something in the whole file, or may before it is done.
func (n *names) isUsed(name string) bool {
	return types.Universe.Lookup(name) != nil || n.home.Scope().Lookup(name) != nil || n.imports.taken[name] || name == "strconv"
}

// isOurs reports a name that may be one of the file's own.
func (n *names) isOurs(name string) bool {
	own := signature.WireName(n.prefix)
	return name != own && strings.HasPrefix(name, own) || name == "explain"+n.prefix ||
		strings.HasPrefix(name, "read"+n.prefix) || strings.HasPrefix(name, "write"+n.prefix)
}

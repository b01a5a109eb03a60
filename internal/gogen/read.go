package gogen

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/helium-rpc/helium/signature"
)

// reader reads one interface.
type reader struct {
	pkg      *packages.Package
	comments *comments
	walk     *walk
	faults   *faults
}

// readService finds an interface in a package and all that is wrong with it.
func readService(pkg *packages.Package, typeName, serviceName string) (*service, error) {
	r := &reader{pkg: pkg, comments: newComments(pkg.Fset, pkg.Syntax, sourceOf(pkg)), faults: &faults{fset: pkg.Fset}}
	r.walk = newWalk(pkg.Types, r.faults)
	svc := &service{pkg: pkg.Types, name: serviceName}
	iface := r.find(svc, typeName)
	if iface == nil {
		return nil, r.faults.err()
	}
	if svc.name == "" {
		svc.name = ServiceName(pkg.Name, typeName)
	}
	if !validServiceName.MatchString(svc.name) {
		problem := "neither package %s nor interface %s says how the service is called"
		if svc.name != "" {
			problem += fmt.Sprintf(": %q can't be its name, as names match %s", svc.name, validServiceName)
		}
		r.faults.add(svc.iface.Pos(), problem+"; name it with --service", pkg.Name, typeName)
	}
	checkEmbedded(svc.iface, iface, pkg.Syntax, r.faults)
	// Types get their names in the order of the methods' names, as by reflection.
	wireNames := make(map[string]string)
	for i := range iface.NumMethods() {
		m := r.method(iface.Method(i))
		if m == nil {
			continue
		}
		if other, taken := wireNames[m.name]; taken {
			r.faults.add(m.fn.Pos(), "methods %s and %s are both called %q on the wire; rename one", other, m.fn.Name(), m.name)
		}
		wireNames[m.name] = m.fn.Name()
		svc.methods = append(svc.methods, m)
	}
	svc.types = r.walk.definitions()
	if err := r.faults.err(); err != nil {
		return nil, err
	}
	r.checkLimits(svc)
	svc.doc = r.comments.ofType(svc.iface)
	svc.typeDocs = typeDocsOf(r.walk.goTypes, r.comments)
	r.readEnums(svc)
	slices.SortStableFunc(svc.methods, func(a, b *method) int { return r.compare(a.fn, b.fn) })
	return svc, r.faults.err()
}

// sourceOf returns a function that finds files of the packages that a package imports.
func sourceOf(pkg *packages.Package) func(path, base string) string {
	return func(path, base string) string {
		if p := pkg.Imports[path]; p != nil {
			for _, file := range p.GoFiles {
				if filepath.Base(file) == base {
					return file
				}
			}
		}
		return ""
	}
}

// find looks the interface up. It returns nil after a fault.
func (r *reader) find(svc *service, name string) *types.Interface {
	obj := r.pkg.Types.Scope().Lookup(name)
	if obj == nil {
		hint := "it has no interfaces"
		if known := r.interfaces(); known != nil {
			hint = "it has " + strings.Join(known, ", ")
		}
		r.faults.add(token.NoPos, "package %s has no type %s; %s", r.pkg.Name, name, hint)
		return nil
	}
	typeName, ok := obj.(*types.TypeName)
	if !ok {
		r.faults.add(obj.Pos(), "%s is not a type; name an interface", name)
		return nil
	}
	svc.iface = typeName
	iface, ok := typeName.Type().Underlying().(*types.Interface)
	switch {
	case !ok && typeName.Type().Underlying() == types.Typ[types.Invalid]:
		r.faults.add(obj.Pos(), "%s: %s", name, doesNotCompile)
	case !ok:
		r.faults.add(obj.Pos(), "%s is not an interface; declare one with the methods that can be called, and generate from it", name)
	case hasTypeParams(typeName.Type()):
		r.faults.add(obj.Pos(), "%s has type parameters, and a service has one set of types; declare an interface that names them, such as type %sOfInt %s[int]", name, name, name)
	case !iface.IsMethodSet():
		r.faults.add(obj.Pos(), "%s is a constraint on types, not a set of methods; take out all but the methods", name)
	case iface.NumMethods() == 0:
		r.faults.add(obj.Pos(), "%s has no methods; declare what can be called", name)
	default:
		return iface
	}
	return nil
}

// interfaces lists what could have been meant.
func (r *reader) interfaces() (names []string) {
	scope := r.pkg.Types.Scope()
	for _, name := range scope.Names() {
		if t, ok := scope.Lookup(name).(*types.TypeName); ok && types.IsInterface(t.Type()) && ast.IsExported(name) {
			names = append(names, name)
		}
	}
	return names
}

// method reads one method. It returns nil if it isn't one that can be called.
func (r *reader) method(fn *types.Func) *method {
	if fn.Pkg() == nil {
		return nil // that of the predeclared error, which r.embedded tells of
	}
	if !fn.Exported() {
		r.faults.add(fn.Pos(), "%s isn't exported; an interface to serve has exported methods only", fn.Name())
		return nil
	}
	m := &method{fn: fn, name: signature.WireName(fn.Name())}
	if !validServiceName.MatchString(m.name) {
		r.faults.add(fn.Pos(), "%s would be %q on the wire, and names match %s; rename it", fn.Name(), m.name, validServiceName)
	}
	sig := &signature.Method{Name: m.name, Variadic: fn.Signature().Variadic()}
	m.variadic = sig.Variadic
	r.walk.nodes = 0
	r.params(m, sig)
	r.results(m, sig)
	nameParams(m, sig)
	m.signature, m.parsed = sig.String(), sig
	m.withEnums = m.signature
	r.describe(m)
	return m
}

func (r *reader) params(m *method, sig *signature.Method) {
	params := m.fn.Signature().Params()
	for i := range params.Len() {
		v := params.At(i)
		t := v.Type()
		pos := r.posOf(v, m)
		if isContext(t) {
			switch {
			case i == 0:
				m.hasContext = true
			case isContext(params.At(0).Type()):
				r.faults.add(pos, "%s: there are two contexts; one, the first parameter, is all a call has", m.fn.Name())
			default:
				r.faults.add(pos, "%s: context.Context is parameter %d; make it the first", m.fn.Name(), i+1)
			}
			continue
		}
		if m.variadic && i == params.Len()-1 {
			t = types.Unalias(t).(*types.Slice).Elem()
		}
		subject := m.fn.Name() + ": argument " + ordinal(len(m.params)+1, v.Name())
		sig.Params = append(sig.Params, signature.Param{Type: r.walk.of(t, subject, pos)})
		r.checkNameable(t, subject, pos)
		m.params = append(m.params, param{name: v.Name(), typ: t, pos: pos})
	}
}

func (r *reader) results(m *method, sig *signature.Method) {
	results := m.fn.Signature().Results()
	n := results.Len()
	if n > 0 && isError(results.At(n-1).Type()) {
		m.hasError = true
		n--
	}
	for i := range n {
		if isError(results.At(i).Type()) {
			r.faults.add(r.posOf(results.At(i), m), "%s: result %d is an error; an error can be the last result only", m.fn.Name(), i+1)
			return
		}
	}
	if !m.hasError {
		r.faults.add(m.fn.Pos(), "%s returns no error, and a call can fail even where the method can't; add error as the last result", m.fn.Name())
	}
	switch {
	case n == 0:
	case n > 1:
		r.faults.add(r.posOf(results.At(0), m), "%s: it returns %d values; return one, such as a struct of them, and an error", m.fn.Name(), n)
	default:
		pos := r.posOf(results.At(0), m)
		m.result = results.At(0).Type()
		sig.Result = r.walk.of(m.result, m.fn.Name()+": result", pos)
		r.checkNameable(m.result, m.fn.Name()+": result", pos)
	}
}

// describe reads what the comment of a method says beside its types.
func (r *reader) describe(m *method) {
	c := r.comments.of(m.fn)
	m.doc = c.doc
	for _, d := range c.directives {
		if problem := follow(d, m, r.pkg.Types); problem != "" {
			r.faults.list = append(r.faults.list, Fault{d.pos, m.fn.Name() + ": " + problem})
		}
	}
}

// checkNameable makes sure that generated code, which stands in the package at hand, can
// name a type.
func (r *reader) checkNameable(t types.Type, subject string, pos token.Pos) {
	eachUnnameable(t, r.pkg.Types, func(secret types.Type) {
		r.faults.add(pos, "%s: %s isn't exported by its package, so generated code can't name it; export it", subject, shortType(secret))
	})
}

// readEnums reads the types that constants are declared of, and the signatures with their
// names. There are none if a name makes one too long to be read.
func (r *reader) readEnums(svc *service) {
	constants := &enumReader{home: r.pkg.Types, fset: r.pkg.Fset, comments: r.comments, iface: svc.iface}
	svc.enums = r.walk.nameEnums(constants.values, r.comments.ofType)
	if svc.enums == nil {
		return
	}
	if svc.withEnums = r.walk.definitions(); !readable(svc) {
		svc.enums, svc.withEnums = nil, nil
		return
	}
	for _, m := range svc.methods {
		m.withEnums = m.parsed.String()
	}
}

// readable reports whether a server can read the signatures with the names of enums.
func readable(svc *service) bool {
	kinds := make(map[string]string)
	for _, e := range svc.enums {
		kinds[e.name] = e.kind.String()
	}
	named, err := signature.ParseTypesWithEnums(svc.withEnums, kinds)
	if err != nil {
		return false
	}
	for _, m := range svc.methods {
		if _, err := named.Parse(m.parsed.String()); err != nil {
			return false
		}
	}
	return true
}

// posOf returns where a parameter stands. Of methods of other packages the place of the
// parameter isn't always known.
func (r *reader) posOf(v *types.Var, m *method) token.Pos {
	if v.Pos().IsValid() {
		return v.Pos()
	}
	return m.fn.Pos()
}

// nameParams gives the parameters of a signature their names, if all have one.
func nameParams(m *method, sig *signature.Method) {
	for _, p := range m.params {
		if p.name == "" || p.name == "_" {
			return
		}
	}
	for i, p := range m.params {
		sig.Params[i].Name = p.name
	}
}

// compare orders methods as their source does, those of the package at hand first.
func (r *reader) compare(a, b *types.Func) int {
	if a.Pkg() != b.Pkg() {
		switch {
		case a.Pkg() == r.pkg.Types:
			return -1
		case b.Pkg() == r.pkg.Types:
			return 1
		}
		return strings.Compare(a.Pkg().Path(), b.Pkg().Path())
	}
	return comparePositions(r.pkg.Fset.Position(a.Pos()), r.pkg.Fset.Position(b.Pos()))
}

// checkLimits makes sure that a record can hold what was read.
func (r *reader) checkLimits(svc *service) {
	parsed, err := signature.ParseTypes(svc.types)
	if err != nil {
		r.faults.add(svc.iface.Pos(), "%s: %v", svc.iface.Name(), err)
		return
	}
	for _, m := range svc.methods {
		if _, err := parsed.Parse(m.signature); err != nil {
			r.faults.add(m.fn.Pos(), "%s: %v", m.fn.Name(), err)
		}
	}
}

// ordinal names an argument for people: "2 (b)".
func ordinal(n int, name string) string {
	if name == "" || name == "_" {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d (%s)", n, name)
}

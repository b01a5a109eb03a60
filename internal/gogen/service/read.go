package service

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
	"github.com/helium-rpc/helium/internal/gogen/source"
	"github.com/helium-rpc/helium/signature"
)

// reader reads one interface.
type reader struct {
	pkg        *packages.Package
	comments   *source.Comments
	translator *translator
	faults     *source.Collector
}

// Read finds an interface in a package and all that is wrong with it.
func Read(pkg *packages.Package, typeName, serviceName string) (*Service, error) {
	r := &reader{pkg: pkg, comments: source.NewComments(pkg.Fset, pkg.Syntax, sourceOf(pkg)), faults: source.NewCollector(pkg.Fset)}
	r.translator = newTranslator(pkg.Types, r.faults)
	svc := &Service{Package: pkg.Types, Name: serviceName}
	iface := r.find(svc, typeName)
	if iface == nil {
		return nil, r.faults.Err()
	}
	if svc.Name == "" {
		svc.Name = NameOf(pkg.Name, typeName)
	}
	if !NameForm.MatchString(svc.Name) {
		problem := "neither package %s nor interface %s says how the service is called"
		if svc.Name != "" {
			problem += fmt.Sprintf(": %q can't be its name, as names match %s", svc.Name, NameForm)
		}
		r.faults.Add(svc.Interface.Pos(), problem+"; name it with --service", pkg.Name, typeName)
	}
	checkEmbedded(svc.Interface, iface, pkg.Syntax, r.faults)
	// Types get their names in the order of the methods' names, as by reflection.
	wireNames := make(map[string]string)
	for i := range iface.NumMethods() {
		m := r.method(iface.Method(i))
		if m == nil {
			continue
		}
		if other, taken := wireNames[m.Wire]; taken {
			r.faults.Add(m.Func.Pos(), "methods %s and %s are both called %q on the wire; rename one", other, m.Func.Name(), m.Wire)
		}
		wireNames[m.Wire] = m.Func.Name()
		svc.Methods = append(svc.Methods, m)
	}
	svc.Types = r.translator.definitions()
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	r.checkLimits(svc)
	svc.Doc = r.comments.OfType(svc.Interface)
	svc.TypeDocs = typeDocsOf(r.translator.goTypes, r.comments)
	r.readEnums(svc)
	slices.SortStableFunc(svc.Methods, func(a, b *Method) int { return r.compare(a.Func, b.Func) })
	return svc, r.faults.Err()
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
func (r *reader) find(svc *Service, name string) *types.Interface {
	obj := r.pkg.Types.Scope().Lookup(name)
	if obj == nil {
		hint := "it has no interfaces"
		if known := r.interfaces(); known != nil {
			hint = "it has " + strings.Join(known, ", ")
		}
		r.faults.Add(token.NoPos, "package %s has no type %s; %s", r.pkg.Name, name, hint)
		return nil
	}
	typeName, ok := obj.(*types.TypeName)
	if !ok {
		r.faults.Add(obj.Pos(), "%s is not a type; name an interface", name)
		return nil
	}
	svc.Interface = typeName
	iface, ok := typeName.Type().Underlying().(*types.Interface)
	switch {
	case !ok && typeName.Type().Underlying() == types.Typ[types.Invalid]:
		r.faults.Add(obj.Pos(), "%s: %s", name, DoesNotCompile)
	case !ok:
		r.faults.Add(obj.Pos(), "%s is not an interface; declare one with the methods that can be called, and generate from it", name)
	case gotype.HasTypeParams(typeName.Type()):
		r.faults.Add(obj.Pos(), "%s has type parameters, and a service has one set of types; declare an interface that names them, such as type %sOfInt %s[int]", name, name, name)
	case !iface.IsMethodSet():
		r.faults.Add(obj.Pos(), "%s is a constraint on types, not a set of methods; take out all but the methods", name)
	case iface.NumMethods() == 0:
		r.faults.Add(obj.Pos(), "%s has no methods; declare what can be called", name)
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
func (r *reader) method(fn *types.Func) *Method {
	if fn.Pkg() == nil {
		return nil // that of the predeclared error, which r.embedded tells of
	}
	if !fn.Exported() {
		r.faults.Add(fn.Pos(), "%s isn't exported; an interface to serve has exported methods only", fn.Name())
		return nil
	}
	m := &Method{Func: fn, Wire: signature.WireName(fn.Name())}
	if !NameForm.MatchString(m.Wire) {
		r.faults.Add(fn.Pos(), "%s would be %q on the wire, and names match %s; rename it", fn.Name(), m.Wire, NameForm)
	}
	sig := &signature.Method{Name: m.Wire, Variadic: fn.Signature().Variadic()}
	m.Variadic = sig.Variadic
	r.translator.nodes = 0
	r.params(m, sig)
	r.results(m, sig)
	nameParams(m, sig)
	m.Signature, m.parsed = sig.String(), sig
	m.WithEnums = m.Signature
	r.describe(m)
	return m
}

func (r *reader) params(m *Method, sig *signature.Method) {
	params := m.Func.Signature().Params()
	for i := range params.Len() {
		v := params.At(i)
		t := v.Type()
		pos := r.posOf(v, m)
		if gotype.IsContext(t) {
			switch {
			case i == 0:
				m.HasContext = true
			case gotype.IsContext(params.At(0).Type()):
				r.faults.Add(pos, "%s: there are two contexts; one, the first parameter, is all a call has", m.Func.Name())
			default:
				r.faults.Add(pos, "%s: context.Context is parameter %d; make it the first", m.Func.Name(), i+1)
			}
			continue
		}
		if item := gotype.StreamItem(t); item != nil {
			r.sends(m, sig, v, item, i == params.Len()-1)
			continue
		}
		if m.Variadic && i == params.Len()-1 {
			t = types.Unalias(t).(*types.Slice).Elem()
		}
		subject := m.Func.Name() + ": argument " + ordinal(len(m.Params)+1, v.Name())
		sig.Params = append(sig.Params, signature.Param{Type: r.translator.of(t, subject, pos)})
		m.Params = append(m.Params, Param{Name: v.Name(), Type: r.nameable(t, subject, pos), pos: pos})
	}
}

// sends reads a parameter that is a stream.
func (r *reader) sends(m *Method, sig *signature.Method, v *types.Var, item types.Type, last bool) {
	pos := r.posOf(v, m)
	subject := m.Func.Name() + ": items of argument " + ordinal(len(m.Params)+1, v.Name())
	if !last {
		r.faults.Add(pos, "%s: the stream isn't the last parameter; make it the last", m.Func.Name())
	}
	sig.Sends = &signature.Param{Type: r.translator.ofItem(item, subject, pos)}
	m.Sends = r.stream(v, item, subject, pos)
}

// yields reads a result that is a stream.
func (r *reader) yields(m *Method, sig *signature.Method, v *types.Var, item types.Type) {
	pos := r.posOf(v, m)
	if n := m.Func.Signature().Results().Len(); n > 1 {
		r.faults.Add(pos, "%s: it returns more than a stream; return the stream alone, whose items come with their errors", m.Func.Name())
	}
	subject := m.Func.Name() + ": items of the result"
	sig.Yields = r.translator.ofItem(item, subject, pos)
	m.Yields = r.stream(v, item, subject, pos)
	m.Yields.Name = ""
}

// stream returns a parameter or a result that is one.
func (r *reader) stream(v *types.Var, item types.Type, subject string, pos token.Pos) *Stream {
	return &Stream{Param{Name: v.Name(), Type: r.nameable(v.Type(), subject, pos), pos: pos}, r.nameable(item, subject, pos)}
}

func (r *reader) results(m *Method, sig *signature.Method) {
	results := m.Func.Signature().Results()
	n := results.Len()
	if n > 0 {
		if item := gotype.StreamItem(results.At(0).Type()); item != nil {
			r.yields(m, sig, results.At(0), item)
			return
		}
	}
	if n > 0 && gotype.IsError(results.At(n-1).Type()) {
		m.hasError = true
		n--
	}
	for i := range n {
		if gotype.IsError(results.At(i).Type()) {
			r.faults.Add(r.posOf(results.At(i), m), "%s: result %d is an error; an error can be the last result only", m.Func.Name(), i+1)
			return
		}
	}
	if !m.hasError && (n == 0 || !gotype.IsIterator(results.At(n-1).Type())) { // an iterator's fault is another one
		r.faults.Add(m.Func.Pos(), "%s returns no error, and a call can fail even where the method can't; add error as the last result", m.Func.Name())
	}
	switch {
	case n == 0:
	case n > 1:
		r.faults.Add(r.posOf(results.At(0), m), "%s: it returns %d values; return one, such as a struct of them, and an error", m.Func.Name(), n)
	default:
		pos := r.posOf(results.At(0), m)
		t, subject := results.At(0).Type(), m.Func.Name()+": result"
		sig.Result = r.translator.of(t, subject, pos)
		m.Result = r.nameable(t, subject, pos)
	}
}

// describe reads what the comment of a method says beside its types.
func (r *reader) describe(m *Method) {
	c := r.comments.Of(m.Func)
	m.Doc = c.Doc
	for _, d := range c.Directives {
		if problem := follow(d, m, r.pkg.Types); problem != "" {
			r.faults.Tell(source.Fault{Position: d.Pos, Problem: m.Func.Name() + ": " + problem})
		}
	}
}

// nameable returns a type as generated code, which stands in the package at hand, writes it,
// and makes sure that it can.
func (r *reader) nameable(t types.Type, subject string, pos token.Pos) types.Type {
	written, secret, ok := Nameable(t, r.pkg.Types)
	if !ok {
		r.faults.Add(pos, "%s: %s %s", subject, gotype.ShortType(secret), whyUnnameable(secret, r.pkg.Types))
	}
	return written
}

// readEnums reads the types that constants are declared of, and the signatures with their
// names. There are none if a name makes one too long to be read.
func (r *reader) readEnums(svc *Service) {
	constants := &enumReader{home: r.pkg.Types, fset: r.pkg.Fset, comments: r.comments, iface: svc.Interface}
	svc.Enums = r.translator.nameEnums(constants.values, r.comments.OfType)
	if svc.Enums == nil {
		return
	}
	if svc.WithEnums = r.translator.definitions(); !readable(svc) {
		svc.Enums, svc.WithEnums = nil, nil
		return
	}
	for _, m := range svc.Methods {
		m.WithEnums = m.parsed.String()
	}
}

// readable reports whether a server can read the signatures with the names of enums.
func readable(svc *Service) bool {
	kinds := make(map[string]string)
	for _, e := range svc.Enums {
		kinds[e.Name] = e.Kind.String()
	}
	named, err := signature.ParseTypesWithEnums(svc.WithEnums, kinds)
	if err != nil {
		return false
	}
	for _, m := range svc.Methods {
		if _, err := named.Parse(m.parsed.String()); err != nil {
			return false
		}
	}
	return true
}

// posOf returns where a parameter stands. Of methods of other packages the place of the
// parameter isn't always known.
func (r *reader) posOf(v *types.Var, m *Method) token.Pos {
	if v.Pos().IsValid() {
		return v.Pos()
	}
	return m.Func.Pos()
}

// nameParams gives the parameters of a signature their names, if all have one.
func nameParams(m *Method, sig *signature.Method) {
	params := m.Params
	if m.Sends != nil {
		params = append(slices.Clone(params), m.Sends.Param)
	}
	for _, p := range params {
		if p.Name == "" || p.Name == "_" {
			return
		}
	}
	for i, p := range m.Params {
		sig.Params[i].Name = p.Name
	}
	if m.Sends != nil {
		sig.Sends.Name = m.Sends.Name
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
	return source.ComparePositions(r.pkg.Fset.Position(a.Pos()), r.pkg.Fset.Position(b.Pos()))
}

// checkLimits makes sure that a record can hold what was read.
func (r *reader) checkLimits(svc *Service) {
	parsed, err := signature.ParseTypes(svc.Types)
	if err != nil {
		r.faults.Add(svc.Interface.Pos(), "%s: %v", svc.Interface.Name(), err)
		return
	}
	for _, m := range svc.Methods {
		if _, err := parsed.Parse(m.Signature); err != nil {
			r.faults.Add(m.Func.Pos(), "%s: %v", m.Func.Name(), err)
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

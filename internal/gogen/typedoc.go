package gogen

import (
	"cmp"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// typeDoc is what comments say of a named type.
type typeDoc struct {
	name   string // in the signatures
	doc    string
	fields [][2]string // by name on the wire, in order
}

// enum is a Go type of which constants are declared.
type enum struct {
	name   string // in the signatures
	kind   signature.Kind
	doc    string
	values []enumValue
}

// enumValue is a constant.
type enumValue struct {
	constant *types.Const
	doc      string
	byName   bool // its value is what methods of its type make of it, so code names it
}

// describeTypes reads what comments say of the types that the methods led to, and the
// constants of those that are enums. These get their names here, after all others.
func (r *reader) describeTypes(svc *service) {
	for name, t := range r.walk.goTypes {
		doc := typeDoc{name: name, doc: r.comments.ofType(t.Obj())}
		if _, ok := t.Underlying().(*types.Struct); ok {
			for _, f := range fieldsOf(t, nil) {
				if text := r.comments.ofField(f.steps[len(f.steps)-1]); text != "" {
					doc.fields = append(doc.fields, [2]string{f.Name, text})
				}
			}
		}
		if doc.doc != "" || doc.fields != nil {
			svc.typeDocs = append(svc.typeDocs, doc)
		}
	}
	slices.SortFunc(svc.typeDocs, func(a, b typeDoc) int { return cmp.Compare(a.name, b.name) })

	taken := maps.Clone(r.walk.named)
	for _, t := range r.walk.enums {
		node := r.walk.enumOf.At(t).(*signature.Type)
		e := enum{kind: node.Kind, doc: r.comments.ofType(t.Obj())}
		byName := encodesItself(t)
		for _, c := range constantsOf(t, r.pkg.Fset) {
			if r.sharesConstraints(c, svc.iface, t.Obj()) {
				e.values = append(e.values, enumValue{c, r.comments.ofConst(c), byName})
			}
		}
		if len(e.values) == 0 || byName && !importable(t.Obj().Pkg(), r.pkg.Types) {
			continue
		}
		e.name = freeName(t, func(name string) bool { return taken[name] != nil })
		taken[e.name] = node
		node.Name = e.name // from now on signatures have it
		svc.enums = append(svc.enums, e)
	}
	slices.SortFunc(svc.enums, func(a, b enum) int { return cmp.Compare(a.name, b.name) })
	if svc.enums == nil {
		return
	}
	if svc.withEnums = r.walk.definitions(); !readable(svc) {
		svc.enums, svc.withEnums = nil, nil // a signature or a definition too long, by a name
		return
	}
	for _, m := range svc.methods {
		m.withEnums = m.parsed.String()
	}
}

// readable makes sure that a server can read the signatures with the names of enums.
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

// constantsOf returns the exported constants of a type in its own package, in the order of
// the source.
func constantsOf(t *types.Named, fset *token.FileSet) (constants []*types.Const) {
	scope := t.Obj().Pkg().Scope()
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok && c.Exported() && types.Identical(c.Type(), t) {
			constants = append(constants, c)
		}
	}
	slices.SortStableFunc(constants, func(a, b *types.Const) int {
		return comparePositions(fset.Position(a.Pos()), fset.Position(b.Pos()))
	})
	return constants
}

// importable reports whether generated code, which stands in the package home, can import
// another.
func importable(p, home *types.Package) bool {
	if p == home {
		return true
	}
	before, _, internal := strings.Cut("/"+p.Path()+"/", "/internal/")
	if strings.HasPrefix(p.Path(), "vendor/") || !internal {
		return !internal
	}
	return before == "" || strings.HasPrefix("/"+home.Path()+"/", before+"/")
}

// value writes the value of a constant as Go.
func (g *generator) value(v enumValue) string {
	c := v.constant
	if v.byName {
		if c.Pkg() == g.svc.pkg {
			return c.Name()
		}
		return g.imports.of(c.Pkg()) + "." + c.Name()
	}
	switch text := c.Val(); text.Kind() {
	case constant.String:
		return strconv.Quote(constant.StringVal(text))
	case constant.Int:
		if _, fits := constant.Int64Val(text); !fits {
			return "uint64(" + text.ExactString() + ")"
		}
		if n, _ := constant.Int64Val(text); n != int64(int32(n)) {
			return "int64(" + text.ExactString() + ")" // an int may be of 32 bits
		}
		return text.ExactString()
	default:
		return text.ExactString()
	}
}

// ofType returns the comment of a type.
func (c *comments) ofType(obj *types.TypeName) string {
	return c.ofDeclaration(obj, func(spec ast.Spec) (names []*ast.Ident, doc, line *ast.CommentGroup) {
		if s, ok := spec.(*ast.TypeSpec); ok {
			return []*ast.Ident{s.Name}, s.Doc, s.Comment
		}
		return nil, nil, nil
	})
}

// ofConst returns the comment of a constant.
func (c *comments) ofConst(obj *types.Const) string {
	return c.ofDeclaration(obj, func(spec ast.Spec) (names []*ast.Ident, doc, line *ast.CommentGroup) {
		if s, ok := spec.(*ast.ValueSpec); ok {
			return s.Names, s.Doc, s.Comment
		}
		return nil, nil, nil
	})
}

// ofDeclaration returns the comment above a declaration, or else behind it.
func (c *comments) ofDeclaration(obj types.Object, read func(ast.Spec) (names []*ast.Ident, doc, line *ast.CommentGroup)) string {
	p, line := c.fileOf(obj)
	if p.file == nil {
		return ""
	}
	for _, decl := range p.file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			names, doc, behind := read(spec)
			for _, id := range names {
				if id.Name != obj.Name() || p.fset.Position(id.Pos()).Line != line {
					continue
				}
				if doc == nil && !general.Lparen.IsValid() {
					doc = general.Doc
				}
				return textOf(doc, behind)
			}
		}
	}
	return ""
}

// ofField returns the comment of a struct's field.
func (c *comments) ofField(v *types.Var) (text string) {
	p, line := c.fileOf(v)
	if p.file == nil {
		return ""
	}
	ast.Inspect(p.file, func(n ast.Node) bool {
		s, ok := n.(*ast.StructType)
		if !ok {
			return true
		}
		for _, f := range s.Fields.List {
			for _, id := range f.Names {
				if id.Name == v.Name() && p.fset.Position(id.Pos()).Line == line {
					text = textOf(f.Doc, f.Comment)
				}
			}
			if f.Names == nil && v.Embedded() && p.fset.Position(f.Type.Pos()).Line == line {
				text = textOf(f.Doc, f.Comment)
			}
		}
		return true
	})
	return text
}

func textOf(doc, behind *ast.CommentGroup) string {
	if doc == nil {
		doc = behind
	}
	return strings.TrimSpace(doc.Text())
}

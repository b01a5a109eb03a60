package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"strings"
)

// Comment is what the comment above a method says.
type Comment struct {
	Doc        string // without directives
	Directives []Directive
}

// Directive is a line such as //helium:idempotent.
type Directive struct {
	Name string // "idempotent"
	Args string
	Pos  token.Position
}

// Comments finds the comments of methods. Export data has none, so for interfaces of
// other packages it reads the file that the method stands in.
type Comments struct {
	fset   *token.FileSet
	files  map[string]*parsed                   // by the name in positions
	Source func(pkg, base string) (path string) // of a file of another package; "" if it isn't there
}

type parsed struct {
	fset *token.FileSet
	file *ast.File
}

func NewComments(fset *token.FileSet, files []*ast.File, source func(pkg, base string) string) *Comments {
	c := &Comments{fset: fset, files: make(map[string]*parsed), Source: source}
	for _, f := range files {
		c.files[fset.Position(f.Package).Filename] = &parsed{fset, f}
	}
	return c
}

// fileOf returns the file in which something is declared, and the line. The file is nil if
// there is none to read.
func (c *Comments) fileOf(obj types.Object) (p *parsed, line int) {
	at := c.fset.Position(obj.Pos())
	p, ok := c.files[at.Filename]
	if !ok {
		p = &parsed{fset: token.NewFileSet()}
		// The name in a position isn't a path if the build trims paths. A file that isn't
		// there, as of a standard library without sources, has no comments to tell.
		if path := c.Source(obj.Pkg().Path(), filepath.Base(at.Filename)); path != "" {
			p.file, _ = parser.ParseFile(p.fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		}
		c.files[at.Filename] = p
	}
	return p, at.Line
}

// Of returns the comment of the method of an interface.
func (c *Comments) Of(fn *types.Func) Comment {
	name := fn.Name()
	p, line := c.fileOf(fn)
	if p.file == nil {
		return Comment{}
	}
	var found *ast.Field
	ast.Inspect(p.file, func(n ast.Node) bool {
		i, ok := n.(*ast.InterfaceType)
		if !ok || found != nil {
			return found == nil
		}
		for _, f := range i.Methods.List {
			for _, id := range f.Names {
				if id.Name == name && p.fset.Position(id.Pos()).Line == line {
					found = f
				}
			}
		}
		return true
	})
	if found == nil {
		return Comment{}
	}
	return read(p.fset, found)
}

var directiveForm = regexp.MustCompile(`^//\s*helium:(\S*)\s*(.*)$`)

// read splits the comment of a method into text and directives.
func read(fset *token.FileSet, f *ast.Field) (c Comment) {
	c.Doc = strings.TrimSpace(f.Doc.Text())
	if f.Doc == nil {
		c.Doc = strings.TrimSpace(f.Comment.Text())
	}
	for _, group := range []*ast.CommentGroup{f.Doc, f.Comment} {
		if group == nil {
			continue
		}
		for _, line := range group.List {
			match := directiveForm.FindStringSubmatch(line.Text)
			if match == nil {
				continue
			}
			d := Directive{Name: match[1], Args: strings.TrimSpace(match[2]), Pos: shortened(fset.Position(line.Pos()))}
			if !strings.HasPrefix(line.Text, "//helium:") {
				d.Name = " " + d.Name // Go takes it for text; so does a reader of the docs
			}
			c.Directives = append(c.Directives, d)
		}
	}
	return c
}

// OfType returns the comment of a type.
func (c *Comments) OfType(obj *types.TypeName) string {
	return c.ofDeclaration(obj, func(spec ast.Spec) (names []*ast.Ident, doc, line *ast.CommentGroup) {
		if s, ok := spec.(*ast.TypeSpec); ok {
			return []*ast.Ident{s.Name}, s.Doc, s.Comment
		}
		return nil, nil, nil
	})
}

// OfConst returns the comment of a constant.
func (c *Comments) OfConst(obj *types.Const) string {
	return c.ofDeclaration(obj, func(spec ast.Spec) (names []*ast.Ident, doc, line *ast.CommentGroup) {
		if s, ok := spec.(*ast.ValueSpec); ok {
			return s.Names, s.Doc, s.Comment
		}
		return nil, nil, nil
	})
}

// ofDeclaration returns the comment above a declaration, or else behind it.
func (c *Comments) ofDeclaration(obj types.Object, read func(ast.Spec) (names []*ast.Ident, doc, line *ast.CommentGroup)) string {
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

// OfField returns the comment of a struct's field.
func (c *Comments) OfField(v *types.Var) (text string) {
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

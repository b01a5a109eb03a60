package docs

import (
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// goPackage is a package's syntax, without its tests.
type goPackage struct {
	path  string // its import path
	fset  *token.FileSet
	files []*ast.File
	doc   *doc.Package
	types map[string]bool // names of the types that it declares
}

// identifiers knows what packages declare.
type identifiers struct {
	module string
	root   string
	byPath map[string]*goPackage // nil where there is no such package
	named  map[string]string     // import paths of this module's packages, by their names; none of programs
	use    *regexp.Regexp        // pkg.Name or pkg.Type.Name of these
	single *regexp.Regexp        // pkg.name, alone
}

// readIdentifiers reads the packages below the root, those of modules in its folders too.
func readIdentifiers(t *tree, module string) *identifiers {
	ids := &identifiers{module: module, root: t.root, byPath: make(map[string]*goPackage), named: make(map[string]string)}
	for _, file := range t.files {
		dir := path.Dir(file)
		if importPath := path.Join(module, dir); strings.HasSuffix(file, ".go") && !strings.Contains("/"+dir, "/testdata") && ids.load(importPath) != nil {
			if !program(dir) {
				ids.named[ids.byPath[importPath].doc.Name] = importPath
			}
		}
	}
	var names []string
	for name := range ids.named {
		names = append(names, name)
	}
	ids.use = regexp.MustCompile(`(?:^|[^\w./\]"])(` + strings.Join(names, "|") + `)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)
	ids.single = regexp.MustCompile("^`(" + strings.Join(names, "|") + `)\.([a-z]\w*)` + "`$")
	return ids
}

// program reports a folder of programs, whose packages nobody else names.
func program(dir string) bool {
	first, _, _ := strings.Cut(dir, "/")
	return slices.Contains([]string{"cmd", "examples", "bench", "node"}, first)
}

// load reads a package, once; nil if there is none.
func (ids *identifiers) load(importPath string) *goPackage {
	if p, known := ids.byPath[importPath]; known {
		return p
	}
	ids.byPath[importPath] = nil
	dir := ""
	if rest, ours := strings.CutPrefix(importPath+"/", ids.module+"/"); ours {
		dir = filepath.Join(ids.root, rest)
	} else if found, err := build.Import(importPath, ids.root, build.FindOnly); err == nil {
		dir = found.Dir
	}
	p := &goPackage{path: importPath, fset: token.NewFileSet(), types: make(map[string]bool)}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(p.fset, name, nil, parser.ParseComments)
		if err != nil {
			return nil
		}
		p.files = append(p.files, file)
	}
	if len(p.files) == 0 {
		return nil
	}
	if p.doc, err = doc.NewFromFiles(p.fset, p.files, importPath, doc.AllDecls|doc.PreserveAST); err != nil {
		return nil
	}
	for _, t := range p.doc.Types {
		p.types[t.Name] = true
	}
	ids.byPath[importPath] = p
	return p
}

// has reports whether a package declares a name, or a field or method of it.
func (p *goPackage) has(recv, name string) bool { return p.doc.Parser().LookupSym(recv, name) }

// missing returns what of a text names identifiers of our packages that aren't there.
func (ids *identifiers) missing(text string) (faults []string) {
	for _, found := range ids.use.FindAllStringSubmatch(text, -1) {
		p := ids.byPath[ids.named[found[1]]]
		if !p.has("", found[2]) || found[3] != "" && p.types[found[2]] && !p.has(found[2], found[3]) {
			faults = append(faults, "there is no "+strings.TrimLeft(found[0], "`([{*& \t\n"))
		}
	}
	return faults
}

// protocol are words that stand before a dot in subjects, errors and methods, such as helium.call,
// binder.busy and vectors.answer, and are packages as well.
var protocol = []string{"helium", "binder", "vectors"}

// missingSpan is missing for a text in backticks, which may also be the name of what a package
// keeps to itself.
func (ids *identifiers) missingSpan(span string) []string {
	found := ids.single.FindStringSubmatch(span)
	if found == nil || slices.Contains(protocol, found[1]) || fileLike.MatchString(strings.Trim(span, "`")) {
		return ids.missing(span)
	}
	if p := ids.byPath[ids.named[found[1]]]; !p.has("", found[2]) {
		return []string{"there is no " + found[1] + "." + found[2]}
	}
	return nil
}

package gogen

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// constraints returns the conditions under which all is compiled that generated code names:
// those of the files of the package that declare the interface, its methods, their types
// and errors. The generated file has the same, or other platforms couldn't build the
// package.
func constraints(pkg *packages.Package, svc *service, dir string) (conditions []constraint.Expr, err error) {
	files := make(map[string]bool)
	add := func(obj types.Object) {
		if obj.Pkg() == pkg.Types && obj.Pos().IsValid() {
			// By its base, as cgo compiles a copy that says where it comes from.
			files[filepath.Base(pkg.Fset.Position(obj.Pos()).Filename)] = true
		}
	}
	add(svc.iface)
	seen := make(map[*types.TypeName]bool)
	for _, m := range svc.methods {
		add(m.fn)
		declared(m.fn.Type(), seen)
		for _, e := range m.errors {
			add(e)
		}
	}
	for name := range seen {
		add(name)
	}
	known := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		of, err := constraintsOf(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		for _, c := range of {
			if !known[c.String()] {
				known[c.String()] = true
				conditions = append(conditions, c)
			}
		}
	}
	return conditions, nil
}

// sharesConstraints reports whether a constant is there wherever its type and the interface
// are. One of some platforms only would make the file theirs, or differ between them.
func (r *reader) sharesConstraints(c *types.Const, iface, typ *types.TypeName) bool {
	of := func(obj types.Object) []constraint.Expr {
		path := r.pkg.Fset.Position(obj.Pos()).Filename
		if obj.Pkg() != r.pkg.Types {
			if path = r.comments.source(obj.Pkg().Path(), filepath.Base(path)); path == "" {
				return nil
			}
		}
		conditions, err := constraintsOf(path)
		if err != nil {
			return nil // it was compiled, so this can't be
		}
		return conditions
	}
	common := append(of(iface), of(typ)...)
	for _, condition := range of(c) {
		if !slices.ContainsFunc(common, func(known constraint.Expr) bool { return known.String() == condition.String() }) {
			return false
		}
	}
	return true
}

// declared gathers the named types that a type is made of.
func declared(t types.Type, seen map[*types.TypeName]bool) {
	switch t := t.(type) {
	case *types.Alias:
		if !seen[t.Obj()] {
			seen[t.Obj()] = true
			declared(types.Unalias(t), seen)
		}
	case *types.Named:
		for i := range t.TypeArgs().Len() {
			declared(t.TypeArgs().At(i), seen)
		}
		if !seen[t.Obj()] {
			seen[t.Obj()] = true
			declared(t.Underlying(), seen)
		}
	case *types.Pointer:
		declared(t.Elem(), seen)
	case *types.Slice:
		declared(t.Elem(), seen)
	case *types.Array:
		declared(t.Elem(), seen)
	case *types.Map:
		declared(t.Key(), seen)
		declared(t.Elem(), seen)
	case *types.Struct:
		for f := range t.Fields() {
			declared(f.Type(), seen)
		}
	case *types.Signature:
		for v := range t.Params().Variables() {
			declared(v.Type(), seen)
		}
		for v := range t.Results().Variables() {
			declared(v.Type(), seen)
		}
	}
}

// constraintsOf returns the conditions under which a file is compiled: its //go:build line,
// what its name says, and cgo if it needs that.
func constraintsOf(path string) (conditions []constraint.Expr, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("the build constraint of %s can't be read: %w", shortPath(path), err)
	}
	for _, group := range file.Comments {
		if group.Pos() > file.Package {
			break
		}
		for _, line := range group.List {
			if !constraint.IsGoBuild(line.Text) {
				continue
			}
			expr, err := constraint.Parse(line.Text)
			if err != nil {
				return nil, fmt.Errorf("the build constraint of %s can't be read: %w", shortPath(path), err)
			}
			conditions = append(conditions, conjuncts(expr)...)
		}
	}
	for _, tag := range platformOf(filepath.Base(path)) {
		conditions = append(conditions, &constraint.TagExpr{Tag: tag})
	}
	if slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool { return spec.Path.Value == `"C"` }) {
		conditions = append(conditions, &constraint.TagExpr{Tag: "cgo"})
	}
	return conditions, nil
}

// conjuncts returns the conditions that an expression joins by "and".
func conjuncts(expr constraint.Expr) []constraint.Expr {
	if and, ok := expr.(*constraint.AndExpr); ok {
		return append(conjuncts(and.X), conjuncts(and.Y)...)
	}
	return []constraint.Expr{expr}
}

// joinedConstraint returns the line that states all conditions, "" if there are none.
func joinedConstraint(conditions []constraint.Expr) string {
	var all constraint.Expr
	for _, c := range conditions {
		if all == nil {
			all = c
		} else {
			all = &constraint.AndExpr{X: all, Y: c}
		}
	}
	if all == nil {
		return ""
	}
	return "//go:build " + all.String()
}

// The systems and processors that the go command takes for a constraint at the end of a
// file's name: the lists of go/build's package syslist.
var (
	systems = strings.Fields(`aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd
		plan9 solaris wasip1 windows zos`)
	processors = strings.Fields(`386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le
		mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm`)
)

// platformOf returns the tags that the name of a file stands for: linux and amd64 of
// stock_linux_amd64.go.
func platformOf(name string) []string {
	name, _, _ = strings.Cut(name, ".")
	words := strings.Split(name, "_")[1:] // the first is never a constraint
	if len(words) > 0 && words[len(words)-1] == "test" {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return nil
	}
	last := words[len(words)-1]
	switch {
	case slices.Contains(systems, last):
		return []string{last}
	case !slices.Contains(processors, last):
		return nil
	case len(words) > 1 && slices.Contains(systems, words[len(words)-2]):
		return []string{words[len(words)-2], last}
	}
	return []string{last}
}

// elsewhere says where a type is declared that the package doesn't have here, "" if
// nowhere.
func elsewhere(dir, typ, except string) string {
	names, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, path := range names {
		if path == except {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil || !declaresType(file, typ) {
			continue
		}
		base := filepath.Base(path)
		if strings.HasSuffix(base, "_test.go") {
			return fmt.Sprintf("%s declares it for tests only; move it to another file", base)
		}
		conditions, err := constraintsOf(path)
		if err != nil || len(conditions) == 0 {
			continue
		}
		line := strings.TrimPrefix(joinedConstraint(conditions), "//go:build ")
		return fmt.Sprintf("%s declares it, and that isn't compiled here but where %q holds; set GOOS, GOARCH, CGO_ENABLED or GOFLAGS=-tags=… in the environment so that it does", base, line)
	}
	return ""
}

func declaresType(file *ast.File, typ string) bool {
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok || general.Tok != token.TYPE {
			continue
		}
		for _, spec := range general.Specs {
			if spec.(*ast.TypeSpec).Name.Name == typ {
				return true
			}
		}
	}
	return false
}

// checkOut refuses a file that other platforms compile than the interface, and one that
// holds the code for another platform.
func checkOut(path, typ string, conditions []constraint.Expr) error {
	has := func(c string) bool {
		return slices.ContainsFunc(conditions, func(expr constraint.Expr) bool { return expr.String() == c })
	}
	for _, tag := range platformOf(filepath.Base(path)) {
		if !has(tag) {
			return fmt.Errorf("--out %q: that name says that the file is for %s only, and the interface isn't; choose another", filepath.Base(path), tag)
		}
	}
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	old, err := constraintsOf(path)
	if err != nil || len(old) == 0 || joinedConstraint(old) == joinedConstraint(conditions) {
		return nil // what can't be read is replaced
	}
	if other := elsewhere(filepath.Dir(path), typ, path); other != "" {
		return fmt.Errorf("%s is what was generated for %q; choose another name for the %s that is compiled here with --out",
			shortPath(path), strings.TrimPrefix(joinedConstraint(old), "//go:build "), typ)
	}
	return nil
}

package gogen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/helium-rpc/helium/internal/gogen/source"
)

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
		conditions, err := source.ConstraintsOf(path)
		if err != nil || len(conditions) == 0 {
			continue
		}
		line := strings.TrimPrefix(source.JoinedConstraint(conditions), "//go:build ")
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

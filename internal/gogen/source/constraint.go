package source

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// ConstraintsOf returns the conditions under which a file is compiled: its //go:build line,
// what its name says, and cgo if it needs that.
func ConstraintsOf(path string) (conditions []constraint.Expr, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("the build constraint of %s can't be read: %w", ShortPath(path), err)
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
				return nil, fmt.Errorf("the build constraint of %s can't be read: %w", ShortPath(path), err)
			}
			conditions = append(conditions, conjuncts(expr)...)
		}
	}
	for _, tag := range PlatformOf(filepath.Base(path)) {
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

// JoinedConstraint returns the line that states all conditions, "" if there are none.
func JoinedConstraint(conditions []constraint.Expr) string {
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

// PlatformOf returns the tags that the name of a file stands for: linux and amd64 of
// stock_linux_amd64.go.
func PlatformOf(name string) []string {
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

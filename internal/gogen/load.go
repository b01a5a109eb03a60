package gogen

import (
	"context"
	"errors"
	"fmt"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

// load type-checks the package in a folder as it would be if the file at path had that
// content. Types of other packages come from what the go command compiled of them.
func load(ctx context.Context, dir, path string, content []byte) (*packages.Package, error) {
	cfg := &packages.Config{
		Context: ctx,
		Dir:     dir,
		Mode:    packages.LoadSyntax,
	}
	if content != nil {
		cfg.Overlay = map[string][]byte{path: content}
	}
	pkgs, err := packages.Load(cfg, ".")
	if err != nil {
		return nil, fmt.Errorf("the package in %s can't be loaded: %w", dir, err)
	}
	if len(pkgs) != 1 {
		return nil, fmt.Errorf("there are %d packages in %s, want one", len(pkgs), dir)
	}
	pkg := pkgs[0]
	if pkg.Types == nil || len(pkg.Syntax) == 0 {
		return nil, fmt.Errorf("the package in %s can't be loaded: %w", dir, joined(pkg.Errors))
	}
	if faults := syntaxFaults(pkg.Errors); faults != nil {
		return nil, faults
	}
	return pkg, nil
}

// syntaxFaults returns the errors of files that can't even be parsed.
func syntaxFaults(errs []packages.Error) error {
	var broken []packages.Error
	for _, e := range errs {
		if e.Kind == packages.ParseError {
			broken = append(broken, e)
		}
	}
	if broken == nil {
		return nil
	}
	return joined(broken)
}

func joined(errs []packages.Error) error {
	if len(errs) == 0 {
		return errors.New("it has no Go files for this platform")
	}
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = describe(e)
	}
	return errors.New(strings.Join(lines, "\n"))
}

// describe writes an error of the package with a short path.
func describe(e packages.Error) string {
	if e.Pos == "" || e.Pos == "-" {
		return e.Msg
	}
	return shortPath(e.Pos) + ": " + e.Msg
}

// emptied returns what stands in for the generated file while its package is read: an
// older one may not fit the interface any more. It returns nil if there is no such file.
func emptied(dir, path string) ([]byte, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	name, err := packageName(dir, path)
	if err != nil {
		return nil, err
	}
	return []byte("package " + name + "\n"), nil
}

// packageName reads the name of the package from any file of the folder that is compiled,
// but for the one at path, and from that one if it is alone.
func packageName(dir, path string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	files := []string{}
	for _, entry := range entries {
		file := filepath.Join(dir, entry.Name())
		compiled, err := build.Default.MatchFile(dir, entry.Name())
		if err == nil && compiled && file != path && strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
			files = append(files, file)
		}
	}
	for _, file := range append(files, path) {
		if f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly); err == nil {
			return f.Name.Name, nil
		}
	}
	return "", fmt.Errorf("%s has no Go file that says which package it is", dir)
}

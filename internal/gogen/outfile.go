package gogen

import (
	"errors"
	"fmt"
	"go/build/constraint"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/helium-rpc/helium/internal/gogen/source"
)

var generatedHeader = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// isGenerated reports a file that says of itself that nobody wrote it.
func isGenerated(path string) bool {
	content, err := os.ReadFile(path)
	return err == nil && generatedHeader.Match(content)
}

var generatedType = regexp.MustCompile(`(?m)^//\thelium gen go .*--type (\S+)`)

// notOfAnother refuses to write over what was generated for another interface that is still
// there: the names of two may differ in case only, and the files' names have none.
func notOfAnother(pkg *packages.Package, path, typ string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil // it isn't there, or Fresh tells what is wrong with it
	}
	match := generatedType.FindSubmatch(content)
	if match == nil || string(match[1]) == typ {
		return nil
	}
	other, ok := pkg.Types.Scope().Lookup(string(match[1])).(*types.TypeName)
	if !ok || !types.IsInterface(other.Type()) {
		return nil
	}
	return fmt.Errorf("%s is what was generated for the interface %s; choose another name for that of %s with --out", source.ShortPath(path), other.Name(), typ)
}

// mayReplace refuses to write over what a person wrote.
func mayReplace(path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || isGenerated(path) {
		return nil
	}
	return fmt.Errorf("%s is there and wasn't generated; choose another name with --out, or remove the file", source.ShortPath(path))
}

// checkOut refuses a file that other platforms compile than the interface, and one that
// holds the code for another platform.
func checkOut(path, typ string, conditions []constraint.Expr) error {
	has := func(c string) bool {
		return slices.ContainsFunc(conditions, func(expr constraint.Expr) bool { return expr.String() == c })
	}
	for _, tag := range source.PlatformOf(filepath.Base(path)) {
		if !has(tag) {
			return fmt.Errorf("--out %q: that name says that the file is for %s only, and the interface isn't; choose another", filepath.Base(path), tag)
		}
	}
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	old, err := source.ConstraintsOf(path)
	if err != nil || len(old) == 0 || source.JoinedConstraint(old) == source.JoinedConstraint(conditions) {
		return nil // what can't be read is replaced
	}
	if other := elsewhere(filepath.Dir(path), typ, path); other != "" {
		return fmt.Errorf("%s is what was generated for %q; choose another name for the %s that is compiled here with --out",
			source.ShortPath(path), strings.TrimPrefix(source.JoinedConstraint(old), "//go:build "), typ)
	}
	return nil
}

package source

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// HeliumPath is the path of this module and of its root package.
const HeliumPath = "github.com/helium-rpc/helium"

// untidy are words of the go command about a go.mod or go.sum that "go mod tidy" mends.
var untidy = []string{
	"missing go.sum entry", "updates to go.mod needed", "no required module provides package",
	"replaced but not required", "go.mod to update", "updating go.mod",
}

// unreachable are words of the go command about a module that it would have to fetch.
var unreachable = []string{"GOPROXY=off", "dial tcp", "no such host", "i/o timeout", "connection refused", "Forbidden"}

const fetch = "a module isn't on this machine and can't be fetched; run, with a network: go mod download"

func isUnreachable(text string) bool {
	return slices.ContainsFunc(unreachable, func(words string) bool { return strings.Contains(text, words) })
}

func IsUntidy(text string) bool {
	return slices.ContainsFunc(untidy, func(words string) bool { return strings.Contains(text, words) })
}

// goSays returns why the go command lists no packages at all in a folder.
func goSays(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", ".", HeliumPath+"/rpcclient", HeliumPath+"/rpcserver")
	cmd.Dir = dir
	var said strings.Builder
	cmd.Stderr = &said
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	text := strings.Join(lines[:min(len(lines), 5)], "\n")
	switch {
	case err == nil:
		return errors.New("the go command lists no packages")
	case strings.Contains(text, "inconsistent vendoring"):
		return fmt.Errorf("the folder vendor isn't what go.mod says; run: go mod tidy && go mod vendor\n%s", text)
	case strings.Contains(text, "go.mod file not found"):
		return fmt.Errorf("it belongs to no module; run: go mod init example.com/its/path && go get %s\n%s", HeliumPath, text)
	case isUnreachable(text):
		return fmt.Errorf("%s\n%s", fetch, text)
	case IsUntidy(text):
		return fmt.Errorf("go.mod isn't tidy; run: go mod tidy\n%s", text)
	}
	return errors.New(text)
}

// withoutHelium says why a package can't import what generated code does, and what to do:
// known are all packages that the go command told of, again is the command at hand.
func withoutHelium(pkg *packages.Package, known map[string]*packages.Package, again string) error {
	// What it says of a package that others import is the cause of what it says of those.
	messages := make(map[string]bool)
	for _, p := range known {
		for _, e := range p.Errors {
			if e.Kind == packages.ListError {
				messages[e.Msg] = true
			}
		}
	}
	causes := slices.Sorted(maps.Keys(messages))
	find := func(words ...string) string {
		for _, cause := range causes {
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(cause, w) }) {
				return cause
			}
		}
		return ""
	}
	fail := func(advice, cause string) error {
		return fmt.Errorf("package %s can't import %s, which generated code needs; %s\n%s", pkg.PkgPath, HeliumPath, advice, cause)
	}
	if cause := find("-mod=vendor"); cause != "" {
		return fail(fmt.Sprintf("run: GOFLAGS=-mod=mod %s && go mod tidy && go mod vendor", again), cause)
	}
	if cause := find("no required module provides package "+HeliumPath, "cannot find module providing package "+HeliumPath, HeliumPath+": replaced but not required", "provides package "+HeliumPath); cause != "" && !strings.Contains(cause, "go.sum") {
		return fail("run: go get "+HeliumPath, cause)
	}
	if cause := find(unreachable...); cause != "" {
		return fail(fetch, cause)
	}
	if cause := find(untidy...); cause != "" {
		if !importsHelium(pkg.Module) {
			return fail(fmt.Sprintf("go.mod isn't tidy, and go mod tidy alone would remove what nothing imports yet; run: GOFLAGS=-mod=mod %s && go mod tidy", again), cause)
		}
		return fail("go.mod isn't tidy; run: go mod tidy", cause)
	}
	if len(causes) > 0 {
		return fail("the go command says:", strings.Join(causes[:min(len(causes), 5)], "\n"))
	}
	return fail("run: go build "+HeliumPath+"/rpcclient "+HeliumPath+"/rpcserver", "to see why")
}

// importsHelium reports whether anything in the module does, so that go mod tidy keeps it.
func importsHelium(module *packages.Module) bool {
	if module == nil || module.Dir == "" {
		return true
	}
	found := false
	_ = filepath.WalkDir(module.Dir, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return nil // what can't be read says nothing
		case found:
			return filepath.SkipAll
		case entry.IsDir() && path != module.Dir:
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if nested == nil || name == "vendor" || name == "testdata" || name == "node_modules" || name[0] == '.' || name[0] == '_' {
				return filepath.SkipDir
			}
		case strings.HasSuffix(name, ".go"):
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return nil
			}
			for _, spec := range file.Imports {
				// The root package alone needs none of the modules that the others need.
				found = found || strings.HasPrefix(strings.Trim(spec.Path.Value, "\"`"), HeliumPath+"/")
			}
		}
		return nil
	})
	return found
}

package source

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"io"
	"os"
	"strings"

	"golang.org/x/tools/go/packages"
)

// Folder is a Go package as it stands in its folder, to be type-checked with a generated
// file in the place of the one that is there. It asks the go command once, and takes the
// types of other packages from what that compiled of them.
type Folder struct {
	fset     *token.FileSet
	root     *packages.Package            // without types
	known    map[string]*packages.Package // by path: all that the package and generated code import
	importer types.Importer               // of compiled packages
	files    []*ast.File                  // without the generated one
}

// Open reads the package in a folder, but for the file at path.
func Open(ctx context.Context, dir, path string) (*Folder, error) {
	pkgs, err := packages.Load(&packages.Config{
		Context: ctx,
		Dir:     dir,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedDeps | packages.NeedExportFile | packages.NeedModule,
	}, ".", HeliumPath+"/rpcclient", HeliumPath+"/rpcserver")
	if err != nil {
		return nil, fmt.Errorf("the package in %s can't be loaded: %w", ShortPath(dir), err)
	}
	f := &Folder{fset: token.NewFileSet(), known: make(map[string]*packages.Package)}
	f.importer = importer.ForCompiler(f.fset, "gc", f.export)
	packages.Visit(pkgs, nil, func(p *packages.Package) { f.known[p.PkgPath] = p })
	for _, p := range pkgs {
		if p.PkgPath != HeliumPath+"/rpcclient" && p.PkgPath != HeliumPath+"/rpcserver" {
			f.root = p
		}
	}
	if len(pkgs) == 0 {
		return nil, fmt.Errorf("the package in %s can't be loaded: %w", ShortPath(dir), goSays(ctx, dir))
	}
	if f.root == nil {
		return nil, fmt.Errorf("the package in %s is part of what generated code is made of; declare the interface in another", ShortPath(dir))
	}
	names := f.root.CompiledGoFiles
	if len(names) == 0 {
		names = f.root.GoFiles // a file doesn't parse, maybe the one that is left out
	}
	var faults []error
	for _, name := range names {
		if name == path {
			continue
		}
		file, err := parser.ParseFile(f.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			faults = append(faults, syntaxError(err))
			continue
		}
		f.files = append(f.files, file)
	}
	if faults != nil {
		return nil, errors.Join(faults...)
	}
	if len(f.files) == 0 {
		return nil, Uncompiled{fmt.Errorf("the package in %s can't be loaded: %w", ShortPath(dir), Joined(f.root.Errors))}
	}
	return f, nil
}

// Uncompiled is the error of a package of which no file is compiled here.
type Uncompiled struct{ error }

func (e Uncompiled) Unwrap() error { return e.error }

// Check type-checks the package with that content of the file at path; nil: without it.
// Faults are in the result's Errors; its Imports are all packages that are known, also
// those that others import.
func (f *Folder) Check(path string, content []byte) (*packages.Package, error) {
	files := f.files[:len(f.files):len(f.files)]
	if content != nil {
		file, err := parser.ParseFile(f.fset, path, content, parser.SkipObjectResolution)
		if err != nil {
			return nil, syntaxError(err)
		}
		files = append(files, file)
	}
	pkg := &packages.Package{Name: files[0].Name.Name, PkgPath: f.root.PkgPath, Fset: f.fset, Syntax: files, Imports: f.known}
	config := types.Config{
		Importer: f,
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok {
				pkg.Errors = append(pkg.Errors, packages.Error{Pos: e.Fset.Position(e.Pos).String(), Msg: e.Msg, Kind: packages.TypeError})
			}
		},
		FakeImportC: true,
	}
	if m := f.root.Module; m != nil && m.GoVersion != "" {
		config.GoVersion = "go" + m.GoVersion
	}
	// Its error is the first of those above.
	pkg.Types, _ = config.Check(f.root.PkgPath, f.fset, files, nil)
	return pkg, nil
}

// WithoutHelium says why the package can't import what generated code does, and what to do.
// Again is the command at hand.
func (f *Folder) WithoutHelium(again string) error { return withoutHelium(f.root, f.known, again) }

// Import implements types.Importer.
func (f *Folder) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	p := f.root.Imports[path] // its path may be another, in a folder of vendors
	if p == nil {
		p = f.known[path]
	}
	if p == nil {
		return nil, errors.New("the go command doesn't know it")
	}
	if p.ExportFile == "" {
		return nil, Joined(p.Errors)
	}
	return f.importer.Import(p.PkgPath)
}

// export opens what the go command compiled of a package.
func (f *Folder) export(path string) (io.ReadCloser, error) {
	p := f.known[path]
	if p == nil || p.ExportFile == "" {
		return nil, fmt.Errorf("the go command has not compiled %s", path)
	}
	return os.Open(p.ExportFile)
}

// syntaxError shortens the paths in errors of the parser.
func syntaxError(err error) error {
	list, ok := errors.AsType[scanner.ErrorList](err)
	if !ok {
		return err
	}
	for _, e := range list {
		e.Pos = shortened(e.Pos)
	}
	return list.Err()
}

func Joined(errs []packages.Error) error {
	if len(errs) == 0 {
		return errors.New("it has no Go files for this platform")
	}
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = e.Msg
		if e.Pos != "" && e.Pos != "-" {
			lines[i] = ShortPath(e.Pos) + ": " + e.Msg
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

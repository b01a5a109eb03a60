package gogen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/helium-rpc/helium/internal/gogen/service"
	"github.com/helium-rpc/helium/internal/gogen/source"
	"github.com/helium-rpc/helium/internal/gogen/stub"
	"github.com/helium-rpc/helium/internal/shell"
)

// Generate reads the interface and returns the file for it, which it has type-checked
// together with the package. It writes nothing.
//
// The error is [Faults] if the interface can't be called remotely.
func Generate(ctx context.Context, given Config) (*File, error) {
	config, err := given.withDefaults()
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s; name that of the package that declares %s", config.Dir, config.Type)
	}
	path := filepath.Join(dir, config.Out)
	if err := mayReplace(path); err != nil {
		return nil, err
	}
	f, err := source.Open(ctx, dir, path)
	if err != nil {
		if _, none := errors.AsType[source.Uncompiled](err); none {
			if where := elsewhere(dir, config.Type, path); where != "" {
				err = fmt.Errorf("%w\n%s", err, where)
			}
		}
		return nil, err
	}
	pkg, err := f.Check(path, nil)
	if err != nil {
		return nil, err
	}
	if err := endless(pkg.Errors); err != nil {
		return nil, err
	}
	if pkg.Types.Scope().Lookup(config.Type) == nil {
		if where := elsewhere(dir, config.Type, path); where != "" {
			return nil, fmt.Errorf("package %s has no type %s: %s", pkg.Name, config.Type, where)
		}
	}
	svc, err := service.Read(pkg, config.Type, config.Service)
	if err != nil {
		return nil, withErrors(err, pkg.Errors)
	}
	if err := namesFree(pkg, svc); err != nil {
		return nil, err
	}
	if err := notOfAnother(pkg, path, config.Type); err != nil {
		return nil, err
	}
	conditions, err := constraints(pkg, svc, dir)
	if err != nil {
		return nil, err
	}
	if err := checkOut(path, config.Type, conditions); err != nil {
		return nil, err
	}
	content, err := stub.Write(svc, source.JoinedConstraint(conditions), config.command(given))
	if err != nil {
		return nil, err
	}
	file := &File{Path: path, Content: content, Service: svc.Name, Command: config.command(given)}
	if fresh, err := file.Fresh(); err == nil && fresh {
		return file, nil // it compiled when it was written, and nothing changed that it depends on
	}
	again := file.Command
	if given.Dir != "" {
		again += " " + shell.Word(given.Dir)
	}
	return file, check(f, file, again)
}

// namesFree makes sure that the package doesn't declare what the file will.
func namesFree(pkg *packages.Package, svc *service.Service) error {
	faults := source.NewCollector(pkg.Fset)
	stub.CheckPredeclared(pkg.Types, faults)
	d := stub.DeclarationsFor(svc.Interface)
	for _, name := range []string{d.Client, d.New, d.NewFor, d.Register} {
		other := pkg.Types.Scope().Lookup(name)
		if other == nil {
			continue
		}
		if isGenerated(pkg.Fset.Position(other.Pos()).Filename) {
			faults.Add(other.Pos(), "%s is declared here by an earlier output; remove the file", name)
		} else {
			faults.Add(other.Pos(), "%s is declared here, and generated code declares it too; rename it, or the interface", name)
		}
	}
	return faults.Err()
}

// check type-checks the package with the file in it. Again is the command at hand.
func check(f *source.Folder, file *File, again string) error {
	pkg, err := f.Check(file.Path, file.Content)
	if err != nil {
		return err
	}
	var broken []packages.Error
	for _, e := range pkg.Errors {
		if strings.Contains(e.Msg, "could not import "+source.HeliumPath) {
			return f.WithoutHelium(again)
		}
		// Faults of other files are their author's business, and may be there because
		// the file that is being made is still missing.
		inFile := strings.HasPrefix(e.Pos, file.Path+":")
		if inFile || strings.Contains(e.Msg, "redeclared") || strings.Contains(e.Msg, "already declared") {
			broken = append(broken, e)
		}
	}
	if broken == nil {
		return nil
	}
	return fmt.Errorf("the code for the package wouldn't compile, so nothing is written:\n%w", source.Joined(broken))
}

// endless tells of generic types that contain others of themselves, and these others again, without an end: to look
// at their fields would have no end either.
func endless(errs []packages.Error) error {
	errs = slices.DeleteFunc(slices.Clone(errs), func(e packages.Error) bool { return !strings.Contains(e.Msg, "instantiation cycle") })
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("the package doesn't compile:\n%w", source.Joined(errs))
}

// withErrors adds the package's own errors where its types couldn't be told for them.
func withErrors(err error, errs []packages.Error) error {
	errs = slices.DeleteFunc(slices.Clone(errs), func(e packages.Error) bool { return e.Kind != packages.TypeError })
	if len(errs) == 0 || !strings.Contains(err.Error(), service.DoesNotCompile) {
		return err
	}
	for _, e := range errs {
		if source.IsUntidy(e.Msg) {
			return fmt.Errorf("%w\n%w\ngo.mod isn't tidy; run: go mod tidy", err, source.Joined(errs))
		}
	}
	return fmt.Errorf("%w\n%w", err, source.Joined(errs))
}

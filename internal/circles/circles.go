// Package circles finds which files of a package name definitions of which others, for the
// test that keeps these arrows from running in circles.
package circles

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// Arrow says that a file names definitions of another one of its package.
type Arrow struct {
	From, To string   // base names of files
	Names    []string // what is named, sorted
}

// Package has the arrows between the files of a package, tests left out.
type Package struct {
	Path   string // its import path
	Files  int
	Arrows []Arrow // sorted
}

// Load reads packages, by the patterns of the go command, in a folder.
func Load(dir string, patterns ...string) ([]Package, error) {
	loaded, err := packages.Load(&packages.Config{
		Dir:  dir,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
	}, patterns...)
	if err != nil {
		return nil, err
	}
	var all []Package
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s: %w", p.PkgPath, p.Errors[0])
		}
		all = append(all, Package{Path: p.PkgPath, Files: len(p.Syntax), Arrows: arrowsOf(p)})
	}
	return all, nil
}

func arrowsOf(p *packages.Package) (arrows []Arrow) {
	type pair struct{ from, to string }
	named := make(map[pair][]string)
	for _, file := range p.Syntax {
		from := base(p.Fset, file.Pos())
		// A method that stands apart from its type counts too: its receiver names the type, and
		// whoever calls it names the method.
		ast.Inspect(file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			object := p.TypesInfo.Uses[id]
			if object == nil || object.Pkg() != p.Types || !object.Pos().IsValid() {
				return true
			}
			if _, isLabel := object.(*types.Label); isLabel {
				return true
			}
			to := base(p.Fset, object.Pos())
			at := pair{from, to}
			if to != from && !slices.Contains(named[at], id.Name) {
				named[at] = append(named[at], id.Name)
			}
			return true
		})
	}
	for at, names := range named {
		slices.Sort(names)
		arrows = append(arrows, Arrow{at.from, at.to, names})
	}
	slices.SortFunc(arrows, func(a, b Arrow) int {
		return strings.Compare(a.From+"\x00"+a.To, b.From+"\x00"+b.To)
	})
	return arrows
}

func base(fset *token.FileSet, pos token.Pos) string {
	return filepath.Base(fset.Position(pos).Filename)
}

// Circles returns the sets of files that can be reached from one another: in each of them
// some arrow runs up, however the files are put in order.
func (p *Package) Circles() (circles [][]string) {
	next := make(map[string][]string)
	for _, a := range p.Arrows {
		next[a.From] = append(next[a.From], a.To)
	}
	reach := make(map[string]map[string]bool)
	for from := range next {
		seen := make(map[string]bool)
		for todo := slices.Clone(next[from]); len(todo) > 0; {
			file := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !seen[file] {
				seen[file] = true
				todo = append(todo, next[file]...)
			}
		}
		reach[from] = seen
	}
	placed := make(map[string]bool)
	for _, a := range p.Arrows {
		if placed[a.From] || !reach[a.From][a.From] {
			continue
		}
		circle := []string{a.From}
		placed[a.From] = true
		for to := range reach[a.From] {
			if to != a.From && reach[to][a.From] {
				circle = append(circle, to)
				placed[to] = true
			}
		}
		slices.Sort(circle)
		circles = append(circles, circle)
	}
	return circles
}

// Up returns the arrows that run within the circles, of which some must run up.
func (p *Package) Up() (up []Arrow) {
	of := make(map[string]int)
	for i, circle := range p.Circles() {
		for _, file := range circle {
			of[file] = i + 1
		}
	}
	for _, a := range p.Arrows {
		if of[a.From] != 0 && of[a.From] == of[a.To] {
			up = append(up, a)
		}
	}
	return up
}

package source

import (
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Fault is one thing that keeps an interface from being called remotely.
type Fault struct {
	// Position is where in the source it is. Its Filename is relative to the folder in
	// which the program runs, if it lies below.
	Position token.Position
	// Problem says what is wrong and what to do.
	Problem string
}

// String returns "file:line:column: problem", as compilers print it.
func (f Fault) String() string {
	if !f.Position.IsValid() {
		return f.Problem
	}
	return f.Position.String() + ": " + f.Problem
}

// Faults are all that is wrong with an interface, in the order of the source.
type Faults []Fault

// Error returns the faults, a line each.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Collector collects them.
type Collector struct {
	fset *token.FileSet
	list Faults
}

func NewCollector(fset *token.FileSet) *Collector { return &Collector{fset: fset} }

func (f *Collector) Add(pos token.Pos, format string, args ...any) {
	f.list = append(f.list, Fault{shortened(f.fset.Position(pos)), fmt.Sprintf(format, args...)})
}

// Tell adds one that is made already.
func (f *Collector) Tell(fault Fault) { f.list = append(f.list, fault) }

// Count returns how many there are.
func (f *Collector) Count() int { return len(f.list) }

// Err returns what was collected, nil if nothing was.
func (f *Collector) Err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b Fault) int { return ComparePositions(a.Position, b.Position) })
	return slices.CompactFunc(f.list, func(a, b Fault) bool { return a == b })
}

func ComparePositions(a, b token.Position) int {
	if c := strings.Compare(a.Filename, b.Filename); c != 0 {
		return c
	}
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	return a.Column - b.Column
}

// shortened returns the position with its file relative to the current folder, if that
// is shorter to read.
func shortened(p token.Position) token.Position {
	p.Filename = ShortPath(p.Filename)
	p.Offset = 0
	return p
}

func ShortPath(path string) string {
	if wd, err := os.Getwd(); err == nil && filepath.IsAbs(path) {
		if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
			return rel
		}
	}
	return path
}

// Cut bounds what a message repeats of the source.
func Cut(s string) string {
	most := 100
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

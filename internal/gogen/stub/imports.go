package stub

import (
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/helium-rpc/helium/internal/gogen/service"
	"github.com/helium-rpc/helium/internal/gogen/source"
)

// imports are the packages that the generated file names.
type imports struct {
	home   *types.Package
	byPath map[string]string // path → name in the file
	taken  map[string]bool   // names in the file
	plain  map[string]bool   // paths whose package has that name itself
}

func newImports(home *types.Package) *imports {
	return &imports{home: home, byPath: make(map[string]string), taken: make(map[string]bool), plain: make(map[string]bool)}
}

// name returns what the file calls a package, and imports it. A name that the package at
// hand or generated code uses for something else gets an underscore.
func (im *imports) name(path, name string) string {
	if known, ok := im.byPath[path]; ok {
		return known
	}
	free := name
	for im.taken[free] || im.home.Scope().Lookup(free) != nil || slices.Contains(locals, free) {
		free += "_"
	}
	im.byPath[path], im.taken[free] = free, true
	im.plain[path] = free == path[strings.LastIndexByte(path, '/')+1:]
	return free
}

// of is a types.Qualifier.
func (im *imports) of(p *types.Package) string {
	if p == im.home {
		return ""
	}
	return im.name(p.Path(), p.Name())
}

// all imports the packages of a method's types.
func (im *imports) all(m *service.Method) {
	for _, p := range m.Params {
		types.TypeString(p.Type, im.of)
	}
	if m.Result != nil {
		types.TypeString(m.Result, im.of)
	}
	for _, s := range []*service.Stream{m.Sends, m.Yields} {
		if s != nil {
			types.TypeString(s.Type, im.of)
			types.TypeString(s.Item, im.of)
		}
	}
	if len(m.Errors) > 0 {
		im.name(source.HeliumPath, "helium")
	}
}

// lines returns the import declarations: the standard library's, an empty line, all others.
func (im *imports) lines() (lines []string) {
	var std, other []string
	for path, name := range im.byPath {
		line := strconv.Quote(path)
		if !im.plain[path] {
			line = name + " " + line
		}
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
			other = append(other, path+"\x00"+line)
		} else {
			std = append(std, path+"\x00"+line)
		}
	}
	for _, group := range [][]string{std, other} {
		slices.Sort(group)
		if len(lines) > 0 && len(group) > 0 {
			lines = append(lines, "")
		}
		for _, line := range group {
			_, line, _ = strings.Cut(line, "\x00")
			lines = append(lines, line)
		}
	}
	return lines
}

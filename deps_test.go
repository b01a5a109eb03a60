package helium_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module     = "github.com/helium-rpc/helium"
	natsServer = "github.com/nats-io/nats-server"
)

// modules are what packages may import from outside, by their names in the page.
var modules = map[string]string{
	"nats.go":     "github.com/nats-io/nats.go",
	"nkeys":       "github.com/nats-io/nkeys",
	"nats-server": natsServer,
	"msgpack":     "github.com/vmihailenco/msgpack",
	"x/tools":     "golang.org/x/tools",
	"goleak":      "go.uber.org/goleak",

	"x/sys":        "golang.org/x/sys",
	"hdrhistogram": "github.com/HdrHistogram/hdrhistogram-go",
	"porcupine":    "github.com/anishathalye/porcupine",
}

// runtimeModules are all that a program gets with the packages it calls and serves by.
// The last five are what nats.go and msgpack need themselves.
var runtimeModules = []string{
	module, modules["nats.go"], modules["msgpack"],
	modules["nkeys"], "github.com/nats-io/nuid", "github.com/vmihailenco/tagparser", "github.com/klauspost/compress", "golang.org/x",
}

// goPackage is what go list tells of a package.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

func goList(t *testing.T, args ...string) (packages []goPackage) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, &stderr)
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("%v: its output can't be read: %v", cmd, err)
		}
		packages = append(packages, p)
	}
}

// folderOf returns where one of our packages is, "." for the root.
func folderOf(path string) (folder string, ours bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// within reports whether an import path is a module or package, or below it. Of other
// modules the major version doesn't matter.
func within(path, parent string) bool { return path == parent || strings.HasPrefix(path, parent+"/") }

// nameOf returns what the page calls a package: one of ours by its folder, the root "helium",
// others by their module. The standard library has no name there.
func nameOf(path string) string {
	if folder, ours := folderOf(path); ours {
		return strings.Replace(folder, ".", "helium", 1)
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return ""
	}
	for name, module := range modules {
		if within(path, module) {
			return name
		}
	}
	return path
}

// arrow is a package of the page's list.
type arrow struct {
	imports []string // names of what it may import, beside the standard library
	layer   int      // 0 is the top
}

// everything stands for the imports of programs.
const everything = "everything"

// arrowsOf reads the list of docs/architecture.md: layers from the top down with an empty
// line between them, a line for each package with what it imports.
func arrowsOf(page string) (map[string]arrow, error) {
	_, list, _ := strings.Cut(page, "\n## What imports what\n")
	_, list, _ = strings.Cut(list, "\n```\n")
	list, _, found := strings.Cut(list, "\n```\n")
	if !found {
		return nil, errors.New("docs/architecture.md has no list under the heading What imports what")
	}
	arrows := make(map[string]arrow)
	for layer, block := range strings.Split(list, "\n\n") {
		for _, line := range strings.Split(block, "\n") {
			names, imports, found := strings.Cut(line, "  ")
			if !found {
				return nil, fmt.Errorf("the line %q has no two spaces between a package and its imports", line)
			}
			a := arrow{layer: layer}
			if imports = strings.TrimSpace(imports); imports != "nothing" {
				a.imports = strings.Split(imports, ", ")
			}
			for _, name := range strings.Split(names, ", ") {
				arrows[name] = a
			}
		}
	}
	return arrows, nil
}

// faultsOf returns where packages and the list of arrows disagree.
func faultsOf(arrows map[string]arrow, packages []goPackage) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	seen := make(map[string]bool)
	for _, p := range packages {
		name := nameOf(p.ImportPath)
		// A folder of programs stands for all that is in it.
		if root, _, _ := strings.Cut(name, "/"); slices.Equal(arrows[root].imports, []string{everything}) {
			seen[root] = true
			continue
		}
		a, known := arrows[name]
		if !known {
			fault("package %s isn't in the list (it imports %q)", name, p.Imports)
			continue
		}
		seen[name] = true
		used := make(map[string]bool)
		for _, path := range p.Imports {
			other := nameOf(path)
			if other == "" {
				continue
			}
			used[other] = true
			if !slices.Contains(a.imports, other) {
				fault("package %s imports %s, which isn't among %q", name, other, a.imports)
			}
			if below, ours := arrows[other]; ours && below.layer <= a.layer {
				fault("package %s imports %s, which isn't in a lower layer", name, other)
			}
		}
		for _, other := range a.imports {
			if !used[other] {
				fault("package %s doesn't import %s; the list says that it does", name, other)
			}
		}
	}
	for name := range arrows {
		if !seen[name] {
			fault("the list names a package %s, which isn't there", name)
		}
	}
	return faults
}

func TestImportsFollowTheArrowsOfTheDesign(t *testing.T) {
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	arrows, err := arrowsOf(string(page))
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faultsOf(arrows, goList(t, "./...")) {
		t.Errorf("%s; docs/architecture.md says what imports what", fault)
	}
}

func TestImportsThatBreakTheArrowsAreFound(t *testing.T) {
	arrows, err := arrowsOf("\n## What imports what\n\n```\ncmd      everything\n\nbinder   helium, nats.go\nbus      nats.go\n\nhelium   nothing\n```\n")
	if err != nil {
		t.Fatal(err)
	}
	binder, nats := module+"/binder", modules["nats.go"]
	sound := []goPackage{
		{ImportPath: module, Imports: []string{"errors"}}, {ImportPath: module + "/bus", Imports: []string{nats}},
		{ImportPath: binder, Imports: []string{module, nats + "/jetstream"}}, {ImportPath: module + "/cmd/helium", Imports: []string{binder}},
	}
	if got := faultsOf(arrows, sound); len(got) > 0 {
		t.Errorf("sound imports: faults %q, want none", got)
	}
	for want, faulty := range map[string]goPackage{
		"package bus imports binder, which isn't among":            {ImportPath: module + "/bus", Imports: []string{nats, binder}},
		"package bus imports binder, which isn't in a lower":       {ImportPath: module + "/bus", Imports: []string{nats, binder}},
		"package bus imports github.com/other/one":                 {ImportPath: module + "/bus", Imports: []string{nats, "github.com/other/one"}},
		"package bus doesn't import nats.go":                       {ImportPath: module + "/bus"},
		"package telemetry isn't in the list":                      {ImportPath: module + "/telemetry"},
		"the list names a package helium, which isn't there":       {},
		"package helium imports binder, which isn't in a lower la": {ImportPath: module, Imports: []string{binder}},
	} {
		packages := slices.DeleteFunc(slices.Clone(sound), func(p goPackage) bool { return p.ImportPath == cmp.Or(faulty.ImportPath, module) })
		if faulty.ImportPath != "" {
			packages = append(packages, faulty)
		}
		if got := strings.Join(faultsOf(arrows, packages), "\n"); !strings.Contains(got, want) {
			t.Errorf("faults\n%s\nwant %q", got, want)
		}
	}
}

func TestOnlyTheBrokerImportsTheNATSServer(t *testing.T) {
	// The harness runs servers with configuration files, as others do.
	allowed := []string{module + "/bus/broker", module + "/internal/chaos/natsserver"}
	for _, p := range goList(t, "./...") {
		for _, path := range p.Imports {
			if within(path, natsServer) && !slices.Contains(allowed, p.ImportPath) {
				t.Errorf("%s imports %s; want %q alone to do so", p.ImportPath, path, allowed)
			}
		}
	}
}

func TestCallingAndServingLinkNoNATSServer(t *testing.T) {
	for _, pkg := range []string{"./bus", "./binder", "./rpcclient", "./rpcserver", "./mathsvc", "./examples/client", "./examples/server"} {
		for _, p := range goList(t, "-deps", pkg) {
			if within(p.ImportPath, natsServer) {
				t.Errorf("%s depends on %s; want no package of nats-server", pkg, p.ImportPath)
			}
		}
	}
}

func TestTheRuntimeDependsOnNATSAndMsgpackAlone(t *testing.T) {
	for _, p := range goList(t, "-deps", "./bus", "./binder", "./codec", "./rpcclient", "./rpcserver", "./mathsvc") {
		if p.Standard {
			continue
		}
		if !slices.ContainsFunc(runtimeModules, func(parent string) bool { return within(p.ImportPath, parent) }) {
			t.Errorf("the runtime depends on %s; want %q alone", p.ImportPath, runtimeModules)
		}
	}
}

func TestNoFileHoldsMoreThanAReaderCanKeepInMind(t *testing.T) {
	const most = 450              // lines; past 400 a file wants to be two concepts
	count := make(map[string]int) // by suffix
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // tests of other packages put folders here and take them away
		}
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		suffix := filepath.Ext(path)
		isTest := strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".test.mjs")
		if entry.IsDir() || isTest || suffix != ".go" && suffix != ".mjs" {
			return nil
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		count[suffix]++
		if bytes.HasPrefix(text, []byte("// Code generated ")) {
			return nil // nobody reads it to the end
		}
		if lines := bytes.Count(text, []byte("\n")); lines > most {
			t.Errorf("%s has %d lines, want at most %d; make it two files, a concept each", path, lines, most)
		}
		return nil
	})
	if err != nil || count[".go"] == 0 || count[".mjs"] == 0 {
		t.Fatalf("looked at %v files, error %v; want all of them", count, err)
	}
}

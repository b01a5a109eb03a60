package helium_test

import (
	"bytes"
	"encoding/json"
	"errors"
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
	natsGo     = "github.com/nats-io/nats.go"
	natsServer = "github.com/nats-io/nats-server"
	nkeys      = "github.com/nats-io/nkeys"
	nuid       = "github.com/nats-io/nuid"
	msgpackLib = "github.com/vmihailenco/msgpack"
	tagparser  = "github.com/vmihailenco/tagparser"
)

// arrows says what each package may import beside the standard library: our packages
// by their folders, others by their module without its version. "*" is anything.
var arrows = map[string][]string{
	".":                  {},
	"internal/gofields":  {},
	"signature":          {"internal/gofields"},
	"internal/nearest":   {},
	"codec":              {"internal/gofields", msgpackLib},
	"internal/wire":      {".", "codec"},
	"internal/batch":     {"internal/wire"},
	"internal/natsperm":  {natsGo},
	"internal/transcode": {".", "signature", "codec", "internal/nearest"},
	"bus":                {natsGo, nkeys},
	"bus/broker":         {"bus", natsGo, nkeys, natsServer},
	"binder":             {".", "signature", "internal/nearest", "internal/wire", "internal/natsperm", natsGo},
	"rpcserver":          {".", "signature", "codec", "internal/batch", "internal/wire", "internal/natsperm", "internal/transcode", "binder", natsGo},
	"rpcclient":          {".", "signature", "codec", "internal/batch", "internal/wire", "internal/natsperm", "internal/transcode", "binder", natsGo},
	"mathsvc":            {".", "rpcclient", "rpcserver"},
	"schema":             {".", "signature", "binder", "internal/visible"},
	"internal/visible":   {},
	"internal/gogen":     {"signature", "internal/gofields", "golang.org/x/tools"},
	"internal/circles":   {"golang.org/x/tools"},
	"internal/leak":      {"go.uber.org/goleak"},
	"internal/loopback":  {},
	"internal/vectors":   {},
	"internal/docs":      {},
	"internal/e2e":       {},
	"internal/exchange":  {".", "codec", "internal/wire", "internal/vectors", "rpcserver", natsGo},
	"heliumtest":         {".", "signature", "internal/wire", "bus", "bus/broker", "binder", "rpcserver", "rpcclient", natsGo},
}

// free are folders of programs and tools, which import anything public.
var free = []string{"examples", "cmd"}

// runtimeModules are all that a program gets with the packages it calls and serves by.
// The last five are what nats.go and msgpack need themselves.
var runtimeModules = []string{
	module, natsGo, msgpackLib,
	nkeys, nuid, tagparser, "github.com/klauspost/compress", "golang.org/x",
}

// goPackage is what go list tells of a package.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// folder returns where one of our packages is, "." for the root.
func (p goPackage) folder() (folder string, ours bool) { return folderOf(p.ImportPath) }

func folderOf(path string) (folder string, ours bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
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

// within reports whether an import path is a module or package, or below it. Of other
// modules the major version doesn't matter.
func within(path, parent string) bool { return path == parent || strings.HasPrefix(path, parent+"/") }

func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// allowed reports whether an arrow permits an import.
func allowed(arrow []string, path string) bool {
	if isStandard(path) {
		return true
	}
	if folder, ours := folderOf(path); ours {
		return slices.Contains(arrow, folder)
	}
	return slices.ContainsFunc(arrow, func(other string) bool {
		return strings.Contains(other, ".") && within(path, other)
	})
}

func TestImportsFollowTheArrowsOfTheDesign(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range goList(t, "./...") {
		folder, ours := p.folder()
		if !ours {
			t.Errorf("%s isn't in module %s", p.ImportPath, module)
			continue
		}
		if slices.ContainsFunc(free, func(root string) bool { return within(folder, root) }) {
			continue
		}
		seen[folder] = true
		arrow, known := arrows[folder]
		if !known {
			t.Errorf("package %s has no arrow; say in deps_test.go what it may import (it imports %q)", folder, p.Imports)
			continue
		}
		for _, path := range p.Imports {
			if !allowed(arrow, path) {
				t.Errorf("package %s imports %s; want the standard library and at most %q", folder, path, arrow)
			}
		}
	}
	for folder := range arrows {
		if !seen[folder] {
			t.Errorf("the arrows name a package %s, which isn't there", folder)
		}
	}
}

func TestOnlyTheBrokerImportsTheNATSServer(t *testing.T) {
	for _, p := range goList(t, "./...") {
		for _, path := range p.Imports {
			if within(path, natsServer) && p.ImportPath != module+"/bus/broker" {
				t.Errorf("%s imports %s; want bus/broker alone to do so", p.ImportPath, path)
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
	for _, p := range goList(t, "-deps", "./bus", "./binder", "./rpcclient", "./rpcserver", "./mathsvc") {
		if p.Standard {
			continue
		}
		if !slices.ContainsFunc(runtimeModules, func(parent string) bool { return within(p.ImportPath, parent) }) {
			t.Errorf("the runtime depends on %s; want %q alone", p.ImportPath, runtimeModules)
		}
	}
}

func TestTheVocabularyIsMadeOfTheStandardLibrary(t *testing.T) {
	fields := module + "/internal/gofields" // the rules for Go types, which are made of it too
	for _, pkg := range []string{module, module + "/signature"} {
		for _, p := range goList(t, "-deps", pkg) {
			if !p.Standard && p.ImportPath != pkg && (p.ImportPath != fields || pkg == module) {
				t.Errorf("%s depends on %s; want the standard library alone", pkg, p.ImportPath)
			}
		}
	}
}

func TestNoFileHoldsMoreThanAReaderCanKeepInMind(t *testing.T) {
	const most = 450 // lines; past 400 a file wants to be two concepts
	count := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // tests of other packages put folders here and take them away
		}
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		count++
		if bytes.HasPrefix(text, []byte("// Code generated ")) {
			return nil // nobody reads it to the end
		}
		if lines := bytes.Count(text, []byte("\n")); lines > most {
			t.Errorf("%s has %d lines, want at most %d; make it two files, a concept each", path, lines, most)
		}
		return nil
	})
	if err != nil || count == 0 {
		t.Fatalf("looked at %d files, error %v; want all of them", count, err)
	}
}

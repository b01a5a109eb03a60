package gogen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/gogen"
)

const (
	anInterface = "package shop\n\nimport \"context\"\n\ntype Stock interface{ Get(ctx context.Context, of Item) (Item, error) }\n"
	anItem      = "package shop\n\ntype Item struct{ Parts []*Part }\n"
	aPart       = "package shop\n\ntype Part struct{ Name string }\n"
)

// here and there are this platform's system and another.
var here, there = runtime.GOOS, map[bool]string{true: "plan9", false: "linux"}[runtime.GOOS == "linux"]

func TestTheConstraintsOfAllThatTheCodeNamesAreTheFilesOwn(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
		there bool
	}{
		"none":                      {map[string]string{"shop.go": anInterface, "item.go": anItem, "part.go": aPart}, "", true},
		"a line of the interface's": {map[string]string{"shop.go": "//go:build !" + there + "\n\n" + anInterface, "item.go": anItem, "part.go": aPart}, "//go:build !" + there, false},
		"the name of a file":        {map[string]string{"shop_" + here + ".go": anInterface, "item.go": anItem, "part.go": aPart}, "//go:build " + here, false},
		"system and processor":      {map[string]string{"shop_" + here + "_" + runtime.GOARCH + ".go": anInterface, "item.go": anItem, "part.go": aPart}, "//go:build " + here + " && " + runtime.GOARCH, false},
		"no system after all":       {map[string]string{here + ".go": anInterface, "item_unix.go": anItem, "shop_part.go": aPart}, "", true},
		"under the license": {map[string]string{
			"shop.go": "// Copyright: nobody's.\n\n//go:build " + there + " || !" + there + "\n\n// Package shop sells.\n" + anInterface, "item.go": anItem, "part.go": aPart,
		}, "//go:build " + there + " || !" + there, true},
		"several files": {map[string]string{
			"shop.go": "//go:build " + there + " || " + here + "\n\n" + anInterface,
			"item.go": "//go:build !" + there + "\n\n" + anItem,
			"part.go": "//go:build !" + there + " && !ignore\n\n" + aPart,
			"more.go": "//go:build !other\n\npackage shop\n\ntype Other struct{}\n",
		}, "//go:build !" + there + " && !ignore && (" + there + " || " + here + ")", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newPackage(t, tt.files)
			file, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for line := range strings.Lines(string(file.Content)) {
				if strings.HasPrefix(line, "package ") {
					break
				}
				if strings.HasPrefix(line, "//go:build") {
					got = strings.TrimSpace(line)
				}
			}
			if got != tt.want {
				t.Errorf("got the constraint %q, want %q", got, tt.want)
			}
			if err := file.Write(); err != nil {
				t.Fatal(err)
			}
			// Where the interface or a type isn't compiled, the code isn't.
			cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-f", "{{.GoFiles}}", "./"+dir)
			cmd.Env = append(os.Environ(), "GOOS="+there, "CGO_ENABLED=0")
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if compiled := strings.Contains(string(out), "stock_helium.go"); compiled != tt.there {
				t.Errorf("%s compiles %s, want stock_helium.go among them: %v", there, out, tt.there)
			}
		})
	}
}

func TestConstantsOfSomePlatformsOnlyAreLeftOut(t *testing.T) {
	names := "package shop\n\nconst Own Name = \"own\"\n"
	dir := newPackage(t, map[string]string{
		"shop.go": anInterface, "item.go": anItem, "part.go": strings.Replace(aPart, "Name string", "Name Name", 1) + "\ntype Name string\n\nconst Known Name = \"known\"\n",
		"names_" + here + ".go": names, "names_" + there + ".go": names,
	})
	file, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
	if err != nil {
		t.Fatal(err)
	}
	if text := string(file.Content); strings.Contains(text, "//go:build") || strings.Contains(text, `"own"`) || !strings.Contains(text, `"known"`) {
		t.Errorf("got\n%s\nwant it for all platforms, with the constant that all have", text)
	}
}

func TestAFileWithCGivesAFileThatNeedsItToo(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": strings.Replace(anInterface, "import \"context\"", "import \"C\"\n\nimport \"context\"", 1), "item.go": anItem, "part.go": aPart})
	file, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
	if err != nil {
		if want := `where "cgo" holds`; !strings.Contains(err.Error(), want) { // no C compiler here
			t.Errorf("got error %v, want one with %q", err, want)
		}
		return
	}
	if !strings.Contains(string(file.Content), "//go:build cgo\n") {
		t.Errorf("the file isn't for cgo only:\n%.300s", file.Content)
	}
}

func TestAnInterfaceOfAnotherPlatformIsToldOf(t *testing.T) {
	for name, tt := range map[string]struct {
		files  map[string]string
		config gogen.Config
		want   string
	}{
		"by its file's name": {map[string]string{"shop_" + there + ".go": anInterface, "item.go": anItem}, gogen.Config{}, "shop_" + there + `.go declares it, and that isn't compiled here but where "` + there + `" holds; set GOOS`},
		"by a line":          {map[string]string{"shop.go": "//go:build special\n\n" + anInterface, "item.go": anItem}, gogen.Config{}, `where "special" holds`},
		"no file is left":    {map[string]string{"shop.go": "//go:build special\n\n" + anInterface}, gogen.Config{}, `where "special" holds`},
		"in a test":          {map[string]string{"shop_test.go": anInterface, "item.go": anItem}, gogen.Config{}, "shop_test.go declares it for tests only; move it to another file"},
		"by the file's name to be": {
			map[string]string{"shop.go": anInterface, "item.go": anItem, "part.go": aPart}, gogen.Config{Out: "stub_" + there + ".go"}, "that name says that the file is for " + there + " only",
		},
		"two interfaces, one file": {
			map[string]string{
				"shop_" + here + ".go": anInterface, "shop_" + there + ".go": anInterface, "item.go": anItem, "part.go": aPart,
				"stock_helium.go": "// Code generated by helium gen go; DO NOT EDIT.\n//\n//\thelium gen go --type Stock\n\n//go:build " + there + "\n\npackage shop\n",
			}, gogen.Config{}, `stock_helium.go is what was generated for "` + there + `"; choose another name for the Stock that is compiled here with --out`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.config.Dir, tt.config.Type = newPackage(t, tt.files), "Stock"
			_, err := gogen.Generate(t.Context(), tt.config)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
			if left, _ := filepath.Glob(filepath.Join(tt.config.Dir, "stub*")); len(left) > 0 {
				t.Errorf("%q was written", left)
			}
		})
	}
}

func TestAFaultOfAPackageIsNotPutDownToAConstraintThatHolds(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a file that doesn't parse":    {"shop.go": "//go:build " + here + "\n\n" + anInterface, "item.go": anItem + "\nbroken("},
		"the interface's own does not": {"shop_" + here + ".go": anInterface + "\nbroken(", "item.go": anItem},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gogen.Generate(t.Context(), gogen.Config{Dir: newPackage(t, files), Type: "Stock"})
			if err == nil || !strings.Contains(err.Error(), "expected declaration, found broken") || strings.Contains(err.Error(), "isn't compiled here") {
				t.Errorf("got error %v, want what doesn't parse, and nothing else", err)
			}
		})
	}
}

func TestAnInterfaceOfTestsAloneIsToldOf(t *testing.T) {
	_, err := gogen.Generate(t.Context(), gogen.Config{Dir: newPackage(t, map[string]string{"shop_test.go": anInterface}), Type: "Stock"})
	if want := "shop_test.go declares it for tests only; move it to another file"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
}

package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named says what stands in the names of the tests of a section of docs/semantics.md that has no number.
var named = map[string]string{
	"Direct links":                      "DirectLinks",
	"Metadata":                          "Metadata",
	"While versions differ":             "Version",
	"Calls by a key":                    "ByAKey",
	"Calls to all instances":            "ToAllInstances",
	"Streams":                           "Streams",
	"Large values":                      "LargeValues",
	"Idempotency keys":                  "IdempotencyKey",
	"Hedged calls":                      "Hedged",
	"Ordering":                          "Order",
	"Numbers":                           "Number",
	"Values":                            "Values",
	"The registry informs, NATS routes": "Registry",
}

func TestEveryPromiseHasATestNamedAfterIt(t *testing.T) {
	page, err := os.ReadFile("../../docs/semantics.md")
	check(t, err)
	sections := regexp.MustCompile(`(?m)^## (?:(\d+)\. )?(.*)$`).FindAllStringSubmatch(string(page), -1)
	if len(sections) < len(named) {
		t.Fatalf("docs/semantics.md has %d sections, want those with a number and %d others", len(sections), len(named))
	}
	tests := testNames(t)
	for _, section := range sections {
		number, title := section[1], section[2]
		pattern := `^TestPromise` + number + `[A-Z]`
		if number == "" {
			part, known := named[title]
			if !known {
				t.Errorf("the section %q of docs/semantics.md is unknown here; say what its tests are named after", title)
				continue
			}
			pattern = `^Test\w*` + part
		}
		found := false
		for name, folder := range tests {
			found = found || regexp.MustCompile(pattern).MatchString(name) && (number == "" || folder == "internal/e2e")
		}
		if !found {
			t.Errorf("promise %q has no test whose name matches %s", strings.TrimSpace(number+" "+title), pattern)
		}
	}
}

// testNames returns the names of all tests of the module, and the folder of each.
func testNames(t *testing.T) map[string]string {
	t.Helper()
	root := os.DirFS("../..")
	names := make(map[string]string)
	test := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	check(t, fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == ".git"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		for _, found := range test.FindAllStringSubmatch(string(text), -1) {
			names[found[1]] = filepath.ToSlash(filepath.Dir(path))
		}
		return err
	}))
	return names
}

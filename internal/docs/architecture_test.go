package docs_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Packages that stand for all that is below them.
var wholes = []string{"cmd/helium", "internal/gogen", "internal/chaos", "examples", "bench", "node"}

func TestThePackagesOfTheArchitectureAreThoseThatThereAre(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	check(t, err)
	_, list, _ := strings.Cut(string(page), "\n## Packages\n")
	_, list, _ = strings.Cut(list, "\n```\n")
	list, _, found := strings.Cut(list, "\n```\n")
	if !found {
		t.Fatal("docs/architecture.md has no list under the heading Packages")
	}
	listed := map[string]bool{".": true}
	for _, line := range strings.Split(list, "\n")[1:] { // the first is the root
		folder := strings.TrimSuffix(strings.Fields(line)[0], "/")
		listed[folder] = true
		if info, err := os.Stat("../../" + folder); err != nil || !info.IsDir() {
			t.Errorf("docs/architecture.md lists a package %s, which isn't there", folder)
		}
	}
	err = fs.WalkDir(os.DirFS("../.."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if err == nil && slices.Contains([]string{".git", "testdata", "node_modules"}, entry.Name()) {
				return filepath.SkipDir
			}
			return err
		}
		folder := path.Dir(name)
		whole := slices.ContainsFunc(wholes, func(parent string) bool { return strings.HasPrefix(folder, parent+"/") })
		if path.Ext(name) == ".go" && !whole && !listed[folder] {
			t.Errorf("%s has Go files, and docs/architecture.md doesn't list it among the packages", folder)
			listed[folder] = true
		}
		return nil
	})
	check(t, err)
}

package node_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

func TestEachFileImportsOnlyThoseAboveItInTheReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+\\.mjs)` \\|").FindAllSubmatch(readme, -1) {
		listed = append(listed, string(row[1]))
	}
	found, err := filepath.Glob("helium/*.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(listed) {
		t.Errorf("README.md lists %d files, want the %d of helium/", len(listed), len(found))
	}
	for i, name := range listed {
		text, err := os.ReadFile(filepath.Join("helium", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range regexp.MustCompile(`from "\./(\w+\.mjs)"`).FindAllSubmatch(text, -1) {
			if !slices.Contains(listed[:i], string(imported[1])) {
				t.Errorf("%s imports %s, which doesn't stand above it in README.md", name, imported[1])
			}
		}
	}
}

package docs

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Check returns what the documentation of a module names and isn't there: in its Markdown
// pages, and in the comments of its packages. Tests and fixtures aren't documentation. Names
// of files that are elsewhere, or that the reader makes, are told by patterns.
func Check(root, module string, elsewhere ...string) ([]Fault, error) {
	t, err := readTree(root, elsewhere)
	if err != nil {
		return nil, err
	}
	ids := readIdentifiers(t, module)
	var faults []Fault
	for _, file := range t.files {
		if path.Ext(file) != ".md" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return nil, err
		}
		faults = append(faults, checkPage(t, ids, file, string(text), path.Base(file) == "CHANGELOG.md")...)
	}
	for _, p := range ids.byPath {
		if p != nil && strings.HasPrefix(p.path+"/", module+"/") {
			faults = append(faults, checkComments(t, ids, p)...)
		}
	}
	return faults, nil
}

package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// listed is a line of a package's list of its files, which may name several.
var (
	listed   = regexp.MustCompile(`(?m)^//\s+- ((?:[\w]+\.go, )*[\w]+\.go): `)
	fileName = regexp.MustCompile(`\w+\.go`)
)

func TestAPackagesListOfItsFilesNamesThemAll(t *testing.T) {
	lists := 0
	err := filepath.WalkDir("../..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "doc.go" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		named := make(map[string]bool)
		for _, line := range listed.FindAllStringSubmatch(string(text), -1) {
			for _, file := range fileName.FindAllString(line[1], -1) {
				named[file] = true
			}
		}
		if len(named) == 0 {
			return nil
		}
		lists++
		beside, err := os.ReadDir(filepath.Dir(name))
		for _, file := range beside {
			if base := file.Name(); strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, "_test.go") && base != "doc.go" && !named[base] {
				t.Errorf("%s lists the package's files and leaves %s out", name, base)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if lists == 0 {
		t.Error("no package lists its files; want some that do")
	}
}

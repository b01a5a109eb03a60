package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryPromiseHasATestNamedAfterIt(t *testing.T) {
	page, err := os.ReadFile("../../docs/semantics.md")
	check(t, err)
	promised := regexp.MustCompile(`(?m)^## (\d+)\. (.*)$`).FindAllStringSubmatch(string(page), -1)
	if len(promised) == 0 {
		t.Fatal("docs/semantics.md has no numbered promises")
	}
	for _, promise := range promised {
		files, err := filepath.Glob("../e2e/promise" + promise[1] + "_*_test.go")
		check(t, err)
		found := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			check(t, err)
			found = found || strings.Contains(string(text), "\nfunc TestPromise"+promise[1])
		}
		if !found {
			t.Errorf("promise %s, %s, has no test TestPromise%[1]s… in internal/e2e", promise[1], promise[2])
		}
	}
}

package docs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Fault is a place in the documentation that names what isn't there.
type Fault struct {
	File string // from the root
	Line int
	What string
}

// tree is the files of a repository.
type tree struct {
	root  string
	files []string        // from the root, with slashes
	bases map[string]bool // names of files without their folders
	tests map[string]bool // names of functions in test files
	alien []string        // patterns of files that documentation may name though they are elsewhere
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)

// readTree lists a repository. Hidden folders count, but for git's.
func readTree(root string, alien []string) (*tree, error) {
	t := &tree{root: root, bases: make(map[string]bool), tests: make(map[string]bool), alien: alien}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == ".git" || entry.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		t.files = append(t.files, rel)
		t.bases[path.Base(rel)] = true
		if strings.HasSuffix(rel, "_test.go") {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for _, found := range testFunction.FindAllSubmatch(text, -1) {
				t.tests[string(found[1])] = true
			}
		}
		return nil
	})
	return t, err
}

// isAlien reports whether a file is elsewhere.
func (t *tree) isAlien(base string) bool {
	return slices.ContainsFunc(t.alien, func(pattern string) bool {
		matched, err := path.Match(pattern, base)
		return matched && err == nil
	})
}

// has reports whether there is a file or folder, seen from a folder. Its name may hold a *.
func (t *tree) has(folder, name string) bool {
	found, err := filepath.Glob(filepath.Join(t.root, folder, filepath.FromSlash(name)))
	return err == nil && len(found) > 0
}

var (
	pathLike = regexp.MustCompile(`^[\w.*-]+(/[\w.*-]+)*/?$`)
	fileLike = regexp.MustCompile(`^[\w*-][\w.*-]*\.(go|md|mjs|ts|json|tmpl|proto|svg|html|yml)$`)
	testLike = regexp.MustCompile(`^(Test|Fuzz|Benchmark|Example)[A-Z]\w*$`)
)

// hasBase reports whether a file has that name, wherever it is.
func (t *tree) hasBase(pattern string) bool {
	if t.bases[pattern] {
		return true
	}
	for base := range t.bases {
		if matched, err := path.Match(pattern, base); matched && err == nil {
			return true
		}
	}
	return false
}

// missing returns what is wrong with a word, if it names a file, a folder or a test that isn't
// there. It may be seen from the root or from the folder of the file that it stands in. Where
// a folder was named before, a file goes by its name alone.
func (t *tree) missing(folder, word string) string {
	word = strings.TrimPrefix(word, "./")
	switch first, rest, deep := strings.Cut(word, "/"); {
	case testLike.MatchString(word) && !t.tests[word]:
		return "there is no test " + word
	case !pathLike.MatchString(word) || t.isAlien(path.Base(word)):
		return ""
	case deep && rest != "" && (t.has(".", first) || fileLike.MatchString(path.Base(word))):
		if !t.has(".", word) && !t.has(folder, word) {
			return "there is no " + word
		}
	case !deep && fileLike.MatchString(word) && !t.hasBase(word):
		return "there is no file " + word
	}
	return ""
}

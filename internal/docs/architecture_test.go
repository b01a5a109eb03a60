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

// Rooms that stand for all that is below them.
var wholeRooms = []string{"cmd/helium", "internal/gogen", "internal/chaos", "examples", "bench", "node"}

func TestTheRoomsOfTheHouseAreThoseThatThereAre(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	check(t, err)
	_, list, _ := strings.Cut(string(page), "\n## The rooms\n")
	_, list, _ = strings.Cut(list, "\n```\n")
	list, _, found := strings.Cut(list, "\n```\n")
	if !found {
		t.Fatal("docs/architecture.md has no list under the heading The rooms")
	}
	listed := map[string]bool{".": true}
	for _, line := range strings.Split(list, "\n")[1:] { // the first is the root
		room := strings.TrimSuffix(strings.Fields(line)[0], "/")
		listed[room] = true
		if info, err := os.Stat("../../" + room); err != nil || !info.IsDir() {
			t.Errorf("docs/architecture.md lists a room %s, which isn't there", room)
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
		whole := slices.ContainsFunc(wholeRooms, func(room string) bool { return strings.HasPrefix(folder, room+"/") })
		if path.Ext(name) == ".go" && !whole && !listed[folder] {
			t.Errorf("%s has Go files, and docs/architecture.md doesn't list it among the rooms", folder)
			listed[folder] = true
		}
		return nil
	})
	check(t, err)
}

package gogen_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/helium-rpc/helium/internal/gogen"
)

// What keeps the old file by another name still has all of it, as somebody has who was
// writing when the disk was full.
func TestAFileIsMadeBesideTheOldOneAndALinkToItStaysALink(t *testing.T) {
	dir := t.TempDir()
	path, kept, link := filepath.Join(dir, "made"), filepath.Join(dir, "kept"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, kept); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("made", link); err != nil {
		t.Fatal(err)
	}

	file := gogen.File{Path: link, Content: []byte("new")}
	if err := file.Write(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{path: "new", kept: "old", link: "new"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s holds %q (%v), want %q", filepath.Base(name), got, err, want)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v), want a link", info.Mode(), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file has the permissions %v (%v), want those of the old one, 0640", info.Mode().Perm(), err)
	}
}

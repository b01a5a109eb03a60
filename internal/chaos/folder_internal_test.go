package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFolderToKeepThatIsntThereIsMade(t *testing.T) {
	keep := filepath.Join(t.TempDir(), "runs", "today")
	folder, err := newFolder(keep)
	if err != nil || filepath.Dir(folder) != keep {
		t.Fatalf("the folder of a run is %q, %v; want one below %q", folder, err, keep)
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		t.Errorf("%q isn't there: %v", folder, err)
	}
}

func TestARunThatKeepsNothingWritesToMemoryWhereThereIsRoom(t *testing.T) {
	folder, err := newFolder("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	want := filepath.Clean(os.TempDir())
	if isInMemory(memoryFolder, memoryRoom) {
		want = memoryFolder
	}
	if got := filepath.Dir(folder); got != want {
		t.Errorf("the folder of a run is below %q, want %q", got, want)
	}
}

func TestOnlyAFileSystemInMemoryWithRoomCounts(t *testing.T) {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		mounts = nil // a system without them has none in memory either
	}
	there := strings.Contains(string(mounts), " "+memoryFolder+" tmpfs ")
	for _, test := range []struct {
		folder string
		room   uint64
		want   bool
	}{
		{memoryFolder, 0, there},
		{memoryFolder, 1 << 62, false},
		{"/proc", 0, false},
		{filepath.Join(t.TempDir(), "missing"), 0, false},
	} {
		if got := isInMemory(test.folder, test.room); got != test.want {
			t.Errorf("that %s is in memory with %d bytes free: %t, want %t", test.folder, test.room, got, test.want)
		}
	}
}

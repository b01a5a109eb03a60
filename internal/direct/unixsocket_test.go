package direct

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAServerRemovesTheSocketsOfKilledOnesFromItsDirectory(t *testing.T) {
	dir := t.TempDir()
	leave := func(name string) string { // a socket's file, as a killed server leaves it
		path := filepath.Join(dir, name)
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old := time.Now().Add(-time.Minute)
	dead, young, foreign := leave("dead.sock"), leave("young.sock"), filepath.Join(dir, "notes.sock")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lives := filepath.Join(dir, "lives.sock")
	l, err := net.Listen("unix", lives)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, path := range []string{dead, foreign, lives} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	own, path, err := listenUnix(dir, "i1")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for path, want := range map[string]bool{dead: false, young: true, foreign: true, lives: true, path: true} {
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", filepath.Base(path), err == nil, want)
		}
	}
}

func TestThePathOfASocketThatIsTooLongIsSaidToBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 120)+".sock")
	if l, _, err := listenUnix(path, "i1"); err == nil {
		l.Close()
		t.Fatal("it is listened at, want an error: no system takes more than 108 bytes")
	} else if !strings.Contains(err.Error(), "bytes long") {
		t.Errorf("got %v, want that the path is too long", err)
	}
}

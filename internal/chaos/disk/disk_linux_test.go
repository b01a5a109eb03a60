package disk

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/helium-rpc/helium/internal/leak"
)

// writer makes this program one that writes a file when it is told to.
const writer = "HELIUM_CHAOS_DISK_TEST"

func TestMain(m *testing.M) {
	if file := os.Getenv(writer); file != "" {
		Survive()
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			fmt.Println(appendTo(file))
		}
		return
	}
	os.Exit(leak.Run(m))
}

func appendTo(name string) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(make([]byte, 16<<10))
	return err
}

// check has another process write to a disk that is filled and freed meanwhile.
func check(t *testing.T, d Disk, folder string, full error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writer+"="+filepath.Join(folder, "file"))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { stdin.Close(); _ = cmd.Wait() }()
	said := bufio.NewReader(stdout)
	write := func(when, want string) {
		t.Helper()
		if _, err := fmt.Fprintln(stdin, "write"); err != nil {
			t.Fatal(err)
		}
		got, err := said.ReadString('\n')
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("%s, a write gave %q, %v; want %q", when, got, err, want)
		}
	}
	write("at first", "<nil>")
	if err := d.Fill(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	write("on a full disk", full.Error())
	if err := d.Free(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	write("with room again", "<nil>")
}

func TestASmallDiskGetsFullAndHasRoomAgain(t *testing.T) {
	folder := t.TempDir()
	d, err := New(folder, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	full := error(syscall.ENOSPC)
	if _, emulated := d.(*limited); emulated {
		full = syscall.EFBIG
	}
	t.Log(d.How())
	check(t, d, folder, full)
}

func TestWithoutASmallDiskAProcessIsLimited(t *testing.T) {
	d := &limited{why: errors.New("as this test wants it")}
	if !strings.Contains(d.How(), "as this test wants it") {
		t.Errorf("it says %q, want why it isn't a disk", d.How())
	}
	check(t, d, t.TempDir(), syscall.EFBIG)
}

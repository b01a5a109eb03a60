// Package examples_test runs the example programs as a person would: real processes
// that speak TCP.
package examples_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/helium-rpc/helium/internal/leak"
)

// bin is the directory of the programs, built once for all tests.
var bin string

func TestMain(m *testing.M) {
	var err error
	if bin, err = build(); err != nil {
		fmt.Fprintln(os.Stderr, "building the examples:", err)
		os.Exit(1)
	}
	code := leak.Run(m)
	if err := os.RemoveAll(bin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func build() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "helium-examples-"); err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator),
		"./binder", "./server", "./client", "./demo", "./tail").CombinedOutput()
	if err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
}

// path returns where a program is.
func path(program string) string {
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	return filepath.Join(bin, program)
}

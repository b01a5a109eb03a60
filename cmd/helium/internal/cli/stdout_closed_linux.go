package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Where a process begins without a standard output, Go opens /dev/null in its place before
// any program can look, for reading and writing. So do some programs that don't care what
// the processes that they start print; a shell doesn't: its >/dev/null is for writing.

// shells are those whose >&- closes standard output.
var shells = []string{"sh", "ash", "bash", "busybox", "dash", "fish", "ksh", "mksh", "zsh"}

// closedByShell reports whether a file is the standard output that a shell has closed, as
// far as that can be told: the shell runs on, and isn't in the same place itself.
func closedByShell(f *os.File) bool {
	if f == nil || f.Fd() != 1 || !isOpenedNull("self") {
		return false
	}
	parent := strconv.Itoa(os.Getppid())
	name, err := os.ReadFile("/proc/" + parent + "/comm")
	if err != nil || !slices.Contains(shells, strings.TrimSpace(string(name))) {
		return false
	}
	_, err = os.Readlink("/proc/" + parent + "/fd/1")
	return (err == nil || errors.Is(err, fs.ErrNotExist)) && !isOpenedNull(parent)
}

// isOpenedNull reports whether a process's standard output is /dev/null for reading and
// writing.
func isOpenedNull(process string) bool {
	if to, err := os.Readlink("/proc/" + process + "/fd/1"); err != nil || to != os.DevNull {
		return false
	}
	info, err := os.ReadFile("/proc/" + process + "/fdinfo/1")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(info)) {
		var flags int
		if _, err := fmt.Sscanf(line, "flags:\t%o", &flags); err == nil {
			return flags&(os.O_RDONLY|os.O_WRONLY|os.O_RDWR) == os.O_RDWR
		}
	}
	return false
}

package disk

import (
	"fmt"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

func mount(folder string, size int64) error {
	return syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}

func unmount(folder string) error { return syscall.Unmount(folder, syscall.MNT_DETACH) }

// limitFiles sets how large files may grow that another process writes. Only the soft limit is
// changed, so that it can be taken back.
func limitFiles(pid int, full bool) error {
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	if full {
		limit.Cur = 0
	}
	return unix.Prlimit(pid, unix.RLIMIT_FSIZE, &limit, nil)
}

// Survive has this process take a write past its limit as an error, and not die of it.
func Survive() { signal.Ignore(syscall.SIGXFSZ) }

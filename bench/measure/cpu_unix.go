//go:build unix

package measure

import (
	"syscall"
	"time"
)

// cpuTime returns the process's CPU time, user and system.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0 // only for arguments that aren't ours
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

package part

import "syscall"

// maxRSS returns the most memory that this process had so far.
func maxRSS() uint64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0 // only for arguments that aren't ours
	}
	return uint64(usage.Maxrss) << 10
}

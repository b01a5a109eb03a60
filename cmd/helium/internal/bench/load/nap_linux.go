package load

import (
	"syscall"
	"time"
)

// nap sleeps in the kernel, which is right to some 60 µs where the runtime's timers are
// right to a millisecond.
func nap(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	// Woken early by a signal, the caller looks at the clock and naps again.
	_ = syscall.Nanosleep(&t, nil)
}

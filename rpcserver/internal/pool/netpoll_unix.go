//go:build unix

package pool

import "syscall"

// pipesArePolled says whether the runtime waits for pipes as it does for the network.
const pipesArePolled = true

// readByte takes the byte that waits in a pipe, and reports whether it was there.
func readByte(fd uintptr, room []byte) bool {
	for {
		_, err := syscall.Read(int(fd), room)
		if err != syscall.EINTR {
			return err != syscall.EAGAIN
		}
	}
}

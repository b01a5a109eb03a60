//go:build unix

package rpcserver

import "syscall"

// pipesArePolled says whether the runtime waits for pipes as it does for the network.
const pipesArePolled = true

// readByte takes the byte that waits in a pipe, and reports whether it was there.
func readByte(fd uintptr, room []byte) bool {
	_, err := syscall.Read(int(fd), room)
	return err != syscall.EAGAIN && err != syscall.EINTR
}

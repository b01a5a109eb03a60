//go:build linux || darwin

package bus

import (
	"net"
	"runtime"
	"syscall"
)

// mostUnsentInSystem is how much the system keeps of what it can't send yet, as the other end
// has no room for it, in bytes. By itself it would be megabytes, and whatever comes after waits
// behind them.
const mostUnsentInSystem = 128 << 10

// limitUnsent has the system keep no more of a TCP connection than that. What is on its way isn't
// limited, so that long ways can be filled.
func limitUnsent(socket net.Conn) {
	has, ok := socket.(syscall.Conn)
	if !ok {
		return // a pipe within the process
	}
	raw, err := has.SyscallConn()
	if err != nil {
		return // it is closed
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowAt(), mostUnsentInSystem) // only TCP has it
	})
}

// tcpNotSentLowAt is the number of TCP_NOTSENT_LOWAT, which package syscall doesn't have.
func tcpNotSentLowAt() int {
	if runtime.GOOS == "darwin" {
		return 0x201
	}
	return 0x19
}

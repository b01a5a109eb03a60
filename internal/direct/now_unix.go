//go:build unix

package direct

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// moment is how long a socket that is full may take to have room again: the other end is just a bit
// slower than whoever writes, and what needn't be kept needn't be copied.
const moment = 5 * time.Millisecond

// writesNow returns a function that writes to a socket what it takes at once or within a moment; nil
// where that can't be done.
func writesNow(socket net.Conn) func(b []byte) (n int, err error) {
	has, ok := socket.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := has.SyscallConn()
	if err != nil {
		return nil
	}
	d := &descriptor{raw: raw, socket: socket}
	d.attempt = d.send
	return d.write
}

// descriptor is a socket as the system knows it.
type descriptor struct {
	raw     syscall.RawConn
	socket  net.Conn
	attempt func(fd uintptr) (done bool) // send, made only once

	// These are of the write under way; there is one at a time.
	rest    []byte
	waiting bool // for the socket to take more
	err     error
}

func (d *descriptor) write(b []byte) (n int, err error) {
	d.rest, d.waiting, d.err = b, false, nil
	err = d.raw.Write(d.attempt)
	if err == nil && d.err == nil && len(d.rest) > 0 {
		d.waiting = true
		_ = d.socket.SetWriteDeadline(time.Now().Add(moment))
		err = d.raw.Write(d.attempt)
		_ = d.socket.SetWriteDeadline(time.Time{})
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil
		}
	}
	n = len(b) - len(d.rest)
	d.rest = nil
	if d.err != nil {
		err = &net.OpError{Op: "write", Net: d.socket.RemoteAddr().Network(), Source: d.socket.LocalAddr(), Addr: d.socket.RemoteAddr(), Err: os.NewSyscallError("write", d.err)}
	}
	return n, err
}

// send writes until the socket takes no more. It reports false to be called again when it does.
func (d *descriptor) send(fd uintptr) (done bool) {
	for len(d.rest) > 0 {
		n, err := syscall.Write(int(fd), d.rest)
		switch {
		case n > 0:
			d.rest = d.rest[n:]
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return !d.waiting
		default:
			d.err = err
			return true
		}
	}
	return true
}

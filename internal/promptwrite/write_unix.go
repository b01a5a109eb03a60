//go:build unix

package promptwrite

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// Of returns a function that writes to a socket what it takes at once or within a moment, by one
// goroutine at a time; nil where that can't be done. A socket that is full often has room again in
// a moment, as the other end is just a bit slower than whoever writes, and what it takes needn't be
// copied and kept.
func Of(socket net.Conn, moment time.Duration) func(b []byte) (n int, err error) {
	has, ok := socket.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := has.SyscallConn()
	if err != nil {
		return nil
	}
	d := &descriptor{raw: raw, socket: socket, moment: moment}
	d.attempt = d.send
	return d.write
}

// descriptor is a socket as the system knows it.
type descriptor struct {
	raw     syscall.RawConn
	socket  net.Conn
	moment  time.Duration
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
		_ = d.socket.SetWriteDeadline(time.Now().Add(d.moment))
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

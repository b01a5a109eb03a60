package bus

import (
	"bytes"
	"net"
	"slices"
)

// pipe is the client's end of a connection within the process.
//
// Such a connection has no buffer: a write lasts until the other end has read it.
// nats.go sends CONNECT and PING in two writes and reads after that; a server that
// refuses the CONNECT doesn't read the PING but wants its error to be read. Both
// would wait for each other until a timeout, and the error be lost. So the pipe
// sends the two as one.
type pipe struct {
	net.Conn
	// The fields below are only used during the handshake, by one goroutine.
	connect []byte // waits for the PING
	shaken  bool   // nothing more to join
}

// Write implements net.Conn.
func (p *pipe) Write(b []byte) (int, error) {
	if p.shaken {
		return p.Conn.Write(b)
	}
	if p.connect == nil && bytes.HasPrefix(b, []byte("CONNECT ")) {
		p.connect = slices.Clone(b)
		return len(b), nil
	}
	p.shaken = true
	if _, err := p.Conn.Write(append(p.connect, b...)); err != nil {
		return 0, err
	}
	p.connect = nil
	return len(b), nil
}

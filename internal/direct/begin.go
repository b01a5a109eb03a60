package direct

import (
	"errors"
	"net"
)

// begun is a connection whose first byte has come: it tells whether the other end speaks TLS, or opens
// at once. So both ends may be of different minds about whether there is a host's border between them,
// as where a name leads to the loopback, or a forwarder does.
type begun struct {
	net.Conn
	first [1]byte
	read  bool // the first byte was read from here, too
}

// tlsHandshake begins TLS, and no direct link; see magic. It is also what a server says that takes
// nothing else.
const tlsHandshake = 22

var errNotTLS = errors.New("it isn't TLS, which it has to be beyond this host")

// begin waits for the first byte of a connection.
func begin(conn net.Conn) (*begun, error) {
	b := &begun{Conn: conn}
	for {
		if n, err := conn.Read(b.first[:]); n > 0 || err != nil {
			return b, err
		}
	}
}

func (b *begun) isTLS() bool { return b.first[0] == tlsHandshake }

// Read implements net.Conn.
func (b *begun) Read(p []byte) (int, error) {
	if !b.read && len(p) > 0 {
		b.read = true
		p[0] = b.first[0]
		return 1, nil
	}
	return b.Conn.Read(p)
}

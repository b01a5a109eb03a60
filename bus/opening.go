package bus

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"

	"github.com/nats-io/nats.go"
)

// An opening is what a client has to say to a server before that says anything.
type opening struct {
	secure    bool // a TLS handshake
	websocket bool // a request for one
}

// openingFor returns what is said first by the options of a connection; nil: nothing, the server
// speaks first.
func openingFor(o *nats.Options, servers []string) *opening {
	scheme, _, _ := strings.Cut(servers[0], "://") // those of websockets stand alone
	said := opening{secure: o.TLSHandshakeFirst || scheme == "wss", websocket: scheme == "ws" || scheme == "wss"}
	said.secure = said.secure || said.websocket && o.Secure
	if said == (opening{}) {
		return nil
	}
	return &said
}

// answered says it on a connection that is for nothing else, and reports whether the server
// answers, be it that it wants something else. No secret is said, and nothing believed that is
// heard.
func (o *opening) answered(ctx context.Context, socket net.Conn, address string) bool {
	release := context.AfterFunc(ctx, func() { _ = socket.Close() })
	defer release()
	defer socket.Close()
	heard := &heardConn{Conn: socket}
	var conn net.Conn = heard
	if o.secure {
		conn = tls.Client(heard, &tls.Config{InsecureSkipVerify: true}) // it is to answer, whoever it is
	}
	if o.websocket {
		const key = "aXMgYW55Ym9keSBob21lPw==" // any 16 bytes will do
		_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n", address, key)
	}
	_, err := conn.Read(make([]byte, 1))
	return err == nil || heard.something && ctx.Err() == nil
}

// heardConn knows whether anything was read of it.
type heardConn struct {
	net.Conn
	something bool // only its one reader uses it
}

// Read implements net.Conn.
func (c *heardConn) Read(b []byte) (n int, err error) {
	n, err = c.Conn.Read(b)
	c.something = c.something || n > 0
	return n, err
}

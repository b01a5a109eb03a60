package peers

import (
	"net"
	"sync/atomic"

	"github.com/nats-io/nats.go"
)

// Traffic counts all bytes that go over a client's connections: payloads, headers,
// subjects and whatever else the protocol says.
type Traffic struct{ in, out atomic.Uint64 }

// Bytes returns what was received and sent so far.
func (t *Traffic) Bytes() (in, out uint64) { return t.in.Load(), t.out.Load() }

func (t *Traffic) count(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn, traffic: t}, nil
}

// onBus makes a NATS connection count too. nats.go's own statistics leave subjects out.
func (t *Traffic) onBus(o *nats.Options) error {
	if inner := o.CustomDialer; inner != nil {
		o.CustomDialer = countedDialer{inner, t}
	}
	if inner := o.InProcessServer; inner != nil {
		o.InProcessServer = countedProvider{inner, t}
	}
	return nil
}

type countedDialer struct {
	nats.CustomDialer
	traffic *Traffic
}

func (d countedDialer) Dial(network, address string) (net.Conn, error) {
	return d.traffic.count(d.CustomDialer.Dial(network, address))
}

type countedProvider struct {
	nats.InProcessConnProvider
	traffic *Traffic
}

func (p countedProvider) InProcessConn() (net.Conn, error) {
	return p.traffic.count(p.InProcessConnProvider.InProcessConn())
}

// countedConn is a connection whose bytes are counted.
type countedConn struct {
	net.Conn
	traffic *Traffic
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.traffic.in.Add(uint64(n))
	return n, err
}

func (c *countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.traffic.out.Add(uint64(n))
	return n, err
}

package loopback

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy is an address that stays the same while the broker behind it goes and another one
// comes: one that starts again may find its port taken by somebody else. It forwards to
// nobody at first.
type Proxy struct {
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	behind string     // guarded by mu; a broker's address, "" while there is none
	open   []net.Conn // guarded by mu
}

// NewProxy starts a proxy, until the test ends.
func NewProxy(t testing.TB) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener}
	p.running.Go(p.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		p.Forward("")
		p.running.Wait()
	})
	return p
}

// URL is where clients of NATS connect.
func (p *Proxy) URL() string { return "nats://" + p.listener.Addr().String() }

// Forward closes what is open, and forwards what comes from now on to another broker's
// address, or with "" to nobody.
func (p *Proxy) Forward(to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind = to
	for _, conn := range p.open {
		_ = conn.Close()
	}
	p.open = nil
}

func (p *Proxy) serve() {
	for {
		outside, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.join(outside)
	}
}

// join connects a connection with one to the broker, both ways.
func (p *Proxy) join(outside net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.behind == "" {
		_ = outside.Close()
		return
	}
	inside, err := net.Dial("tcp", p.behind)
	if err != nil {
		_ = outside.Close()
		return
	}
	p.open = append(p.open, outside, inside)
	for _, way := range [][2]net.Conn{{outside, inside}, {inside, outside}} {
		p.running.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // until one of them is closed
			_ = way[0].Close()
			_ = way[1].Close()
		})
	}
}

package proxy

import (
	"net"
	"sync"
)

// Proxy listens at an address of its own and forwards to another one, which needn't be there.
type Proxy struct {
	listener net.Listener
	target   string
	weather  *weather
	rewriter func() Rewriter // nil: nothing is rewritten
	running  sync.WaitGroup

	mu     sync.Mutex
	open   map[*connection]bool // guarded by mu
	closed bool                 // guarded by mu
}

// Start starts a proxy to a target, host:port.
func Start(target string) (*Proxy, error) { return StartRewriting(target, nil) }

// StartRewriting starts a proxy that has a rewriter for each connection; nil: for none.
func StartRewriting(target string, rewriter func() Rewriter) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, target: target, weather: newWeather(), rewriter: rewriter, open: make(map[*connection]bool)}
	p.running.Go(p.accept)
	return p, nil
}

// Address returns where the proxy listens, host:port.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Set changes the conditions, also those of connections that are open.
func (p *Proxy) Set(c Conditions) { p.weather.set(c) }

// Cut breaks all open connections, so that both ends learn of it at once.
func (p *Proxy) Cut() { p.each((*connection).cut) }

// HalfClose tells the target's end of each connection that the other sends no more. That end
// goes on sending.
func (p *Proxy) HalfClose() { p.each(func(c *connection) { closeHalf(c.inside) }) }

// HalfOpen closes each connection to the target and leaves the other end in the belief that it
// is open: what it sends goes nowhere, and nothing ever comes. So it is for one who isn't told
// that a machine has restarted.
func (p *Proxy) HalfOpen() { p.each((*connection).halfOpen) }

func (p *Proxy) each(do func(*connection)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		do(c)
	}
}

// Open returns how many connections are open.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

// Close ends the proxy and all connections through it.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Cut()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		outside, err := p.listener.Accept()
		if err != nil {
			return
		}
		if now, _ := p.weather.get(); now.Refused {
			_ = outside.Close()
			continue
		}
		p.running.Go(func() { p.serve(outside) })
	}
}

func (p *Proxy) serve(outside net.Conn) {
	inside, err := net.Dial("tcp", p.target)
	if err != nil {
		reset(outside)
		return
	}
	c := newConnection(outside, inside, p.weather)
	if p.rewriter != nil {
		c.rewriter = p.rewriter()
	}
	p.mu.Lock()
	if p.closed {
		c.cut()
	}
	p.open[c] = true
	p.mu.Unlock()
	c.serve()
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
}

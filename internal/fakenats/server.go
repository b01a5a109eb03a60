package fakenats

import (
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
)

// Server routes messages between its connections.
type Server struct {
	// MayPublish says which connection may publish where. Nil: all may everywhere. Set it before
	// the first connection.
	MayPublish func(name, subject string) bool
	// Loses says what a connection publishes where that gets lost on its way. Nil: nothing does. Set it
	// before the first connection.
	Loses func(name, subject string) bool

	mu      sync.Mutex
	conns   []*conn         // guarded by mu
	frozen  map[string]bool // guarded by mu; names of connections
	thawed  sync.Cond       // on mu
	closed  bool            // guarded by mu
	running sync.WaitGroup
}

// New returns a server without connections.
func New() *Server {
	s := &Server{frozen: make(map[string]bool)}
	s.thawed.L = &s.mu
	return s
}

// Connect returns a connection of a name, which is closed with the server.
func (s *Server) Connect(t testing.TB, name string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.Name(name), nats.NoReconnect(), nats.ReconnectBufSize(-1))
	if err != nil {
		t.Fatalf("fakenats: %v", err)
	}
	return nc
}

// InProcessConn implements nats.InProcessConnProvider.
func (s *Server) InProcessConn() (net.Conn, error) {
	near, far := net.Pipe()
	c := newConn(s, far)
	s.mu.Lock()
	s.conns = append(s.conns, c)
	s.mu.Unlock()
	s.run(c.read)
	s.run(c.write)
	return near, nil
}

// Freeze lets nothing in or out at the connections of a name until Thaw.
func (s *Server) Freeze(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen[name] = true
}

// Thaw ends what Freeze began. What waited is delivered.
func (s *Server) Thaw(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.frozen, name)
	s.thawed.Broadcast()
}

// Kill closes the connections of a name.
func (s *Server) Kill(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		if c.isNamed(name) {
			c.pipe.Close()
		}
	}
}

// Close closes all connections, and returns when nothing runs any more.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for _, c := range s.conns {
		c.pipe.Close()
		c.end()
	}
	s.thawed.Broadcast()
	s.mu.Unlock()
	s.running.Wait()
}

func (s *Server) run(f func()) { s.running.Go(f) }

func (s *Server) permits(name, subject string) bool {
	return s.MayPublish == nil || s.MayPublish(name, subject)
}

func (s *Server) loses(name, subject string) bool { return s.Loses != nil && s.Loses(name, subject) }

// awaitThaw returns once the connections of a name aren't frozen.
func (s *Server) awaitThaw(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.frozen[name] && !s.closed {
		s.thawed.Wait()
	}
}

// leave takes a connection away.
func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = slices.DeleteFunc(s.conns, func(other *conn) bool { return other == c })
}

// route delivers a message to whoever has subscribed, and reports whether anybody has.
func (s *Server) route(m *message) (heard bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	groups := make(map[string][]func())
	for _, c := range s.conns {
		for _, sub := range c.matching(m.subject) {
			heard = true
			deliver := func() { c.deliver(sub.id, m) }
			if sub.queue == "" {
				deliver()
			} else {
				groups[sub.queue] = append(groups[sub.queue], deliver)
			}
		}
	}
	for _, members := range groups {
		members[rand.IntN(len(members))]()
	}
	return heard
}

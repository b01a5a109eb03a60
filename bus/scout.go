package bus

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// scoutPause is how long one server is waited for before the next is tried as well.
	scoutPause = 250 * time.Millisecond
	// claimTimeout is how long a socket that was found waits for nats.go to take it.
	claimTimeout = time.Second
)

// A scout finds a server to come back to. nats.go reconnects with its lock in hand, and a server
// that takes connections and says nothing, as a frozen one does, keeps it for the whole
// handshake: nobody can publish meanwhile, or fail to. So the scout looks first, in the pause
// between two rounds of nats.go's, which holds no lock; and in the round, only a server that has
// just said its first word can be reached.
type scout struct {
	connect    func(ctx context.Context, network, address string) (net.Conn, error)
	opening    *opening      // what is said to the servers first; nil: they speak first
	configured []string      // their URLs
	silence    time.Duration // that is borne of one; 0: any
	nc         atomic.Pointer[nats.Conn]

	mu    sync.Mutex
	found *greeting // guarded by mu; nil: none
}

// A greeting is a socket to a server, and what that has said.
type greeting struct {
	address string
	socket  net.Conn
	head    []byte
	expiry  *time.Timer // closes the socket if nobody takes it
}

// pause is nats.go's between two rounds in which it tries all servers, and finds a server for
// the next one. What is left to wait it returns, which is nothing.
func (s *scout) pause(round int) time.Duration {
	life, end := s.untilClosed()
	defer end()
	if old := s.swap(nil); old != nil {
		_ = old.socket.Close() // its server isn't among those of nats.go
	}
	wait := time.NewTimer(retryDelay(round))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-life.Done():
		return 0
	}
	if g := s.search(life); g != nil {
		g.expiry = time.AfterFunc(claimTimeout, func() { _ = g.socket.Close() })
		s.swap(g)
	}
	return 0
}

// untilClosed returns a context that ends when the connection is closed by its owner.
func (s *scout) untilClosed() (life context.Context, end func()) {
	life, cancel := context.WithCancel(context.Background())
	nc := s.nc.Load()
	if nc == nil {
		return life, cancel
	}
	closed := nc.StatusChanged(nats.CLOSED)
	if nc.IsClosed() {
		cancel()
	}
	go func() {
		if _, told := <-closed; told { // else the pause is over
			cancel()
		}
	}()
	return life, func() {
		nc.RemoveStatusListener(closed)
		cancel()
	}
}

// swap replaces what was found.
func (s *scout) swap(by *greeting) (old *greeting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, s.found = s.found, by
	if old != nil {
		old.expiry.Stop()
	}
	return old
}

var errNotGreeted = errors.New("no server has answered yet")

// take returns the connection to a server, if it is the one that was found.
func (s *scout) take(address string) (net.Conn, error) {
	s.mu.Lock()
	g := s.found
	if g == nil || g.address != address || !g.expiry.Stop() {
		s.mu.Unlock()
		return nil, errNotGreeted
	}
	s.found = nil
	s.mu.Unlock()
	return &greetedConn{Conn: unblocked(g.socket, s.silence), head: g.head}, nil
}

// search tries all servers, in an order of chance so that programs spread over them, and
// returns the first that answers; nil if none does.
func (s *scout) search(ctx context.Context) *greeting {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	addresses := s.addresses()
	answers := make(chan *greeting)
	next := time.NewTimer(scoutPause)
	defer next.Stop()
	tried, waiting := 0, 0
	try := func() {
		if tried == len(addresses) {
			return
		}
		address := addresses[tried]
		tried++
		waiting++
		next.Reset(scoutPause)
		go func() {
			g := s.greet(ctx, address)
			select {
			case answers <- g:
			case <-ctx.Done():
				if g != nil {
					_ = g.socket.Close()
				}
			}
		}()
	}
	for try(); waiting > 0; {
		select {
		case g := <-answers:
			if g != nil {
				return g
			}
			waiting--
			try()
		case <-next.C:
			try()
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// addresses returns those of the servers that are known by now.
func (s *scout) addresses() (addresses []string) {
	servers := s.configured
	if nc := s.nc.Load(); nc != nil {
		servers = nc.Servers()
	}
	for _, raw := range servers {
		if u, err := url.Parse(raw); err == nil {
			addresses = append(addresses, u.Host)
		}
	}
	rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	return addresses
}

// greet connects to a server and waits for its first word; nil if that doesn't come.
func (s *scout) greet(ctx context.Context, address string) *greeting {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	socket, err := s.connect(ctx, "tcp", address)
	if err != nil {
		return nil
	}
	if s.opening != nil {
		// nats.go wants to say it itself.
		if !s.opening.answered(ctx, socket, address) {
			return nil
		}
		if socket, err = s.connect(ctx, "tcp", address); err != nil {
			return nil
		}
		return &greeting{address: address, socket: socket}
	}
	g := &greeting{address: address, socket: socket}
	release := context.AfterFunc(ctx, func() { _ = socket.Close() })
	head := make([]byte, 4<<10)
	n, err := socket.Read(head)
	if !release() || err != nil {
		_ = socket.Close()
		return nil
	}
	g.head = head[:n]
	return g
}

// A greetedConn is a connection of which some was read before.
type greetedConn struct {
	net.Conn
	head []byte // only its one reader uses it
}

// Read implements net.Conn.
func (c *greetedConn) Read(b []byte) (n int, err error) {
	if len(c.head) > 0 {
		n = copy(b, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

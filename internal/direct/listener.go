package direct

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// maxHalfOpen is how many connections may be about to open.
	maxHalfOpen = 64
	// maxOpen is how many may be open.
	maxOpen = 4096
	// goodbyeTime bounds how long a server that leaves waits for its callers' goodbyes: one that is frozen,
	// or says none, mustn't hold it up.
	goodbyeTime = time.Second
	// keepAlive is how often an end is asked whether it is there, of which nothing is heard.
	keepAlive = 15 * time.Second
)

// ListenConfig says how a server listens. All exported fields are required but Advertise.
type ListenConfig struct {
	// Listen are where it listens, with port 0 at a free one, and of unix at a path or in a
	// directory. Clients of this program get in whatever they are.
	Listen []Address
	// Advertise are what callers are told to dial. None: where it listens, and where that is all
	// addresses of this machine, at Host. Port 0 stands for that of the first one it listens on.
	Advertise []Address
	// Host returns the address by which others get to this machine.
	Host func() string
	// Instance is the server's name.
	Instance string
	Log      *slog.Logger
	Counters *link.ServerCounters
	// MaxMessage returns the size of the largest message of answers, in bytes.
	MaxMessage func() int
	// Reachable reports whether callers can ask this server for tickets, at the latest when ctx ends.
	// While they can't, no right ends.
	Reachable func(ctx context.Context) bool
	// Serve serves a caller and returns when its connection has ended and nothing more is
	// received by it.
	Serve func(by link.Server)
	// Gone is told of the key of a caller whose connection has ended.
	Gone func(key string)
	// onHost reports whether what arrives at an address of this machine comes from this host.
	onHost func(net.Addr) bool
}

// Listener is a server's end of all its direct links.
type Listener struct {
	config   ListenConfig
	identity *Identity
	tickets  tickets
	log      boundedLog
	Stats    ServerStats

	listening []net.Listener
	addresses []Address // of these, by which they are dialed on this machine
	last      atomic.Uint64
	running   sync.WaitGroup
	stop      chan struct{} // closed by Close
	left      func()        // has clients of this program meet it no more

	mu      sync.Mutex
	half    map[net.Conn]struct{}    // guarded by mu; about to open
	open    map[*serverLink]struct{} // guarded by mu
	closing bool                     // guarded by mu; no more connections are taken
	closed  bool                     // guarded by mu
}

// Listen begins to listen.
func Listen(config ListenConfig) (*Listener, error) {
	if config.onHost == nil {
		config.onHost = isLoopbackAddr
	}
	identity, err := NewIdentity()
	if err != nil {
		return nil, err
	}
	l := &Listener{
		config: config, identity: identity, log: boundedLog{log: config.Log.With("instance", config.Instance)}, stop: make(chan struct{}),
		half: make(map[net.Conn]struct{}), open: make(map[*serverLink]struct{}),
	}
	for _, at := range config.Listen {
		if at.Network == "memory" {
			continue // see meeting
		}
		one, bound, err := l.listen(at)
		if err != nil {
			for _, other := range l.listening {
				_ = other.Close()
			}
			return nil, err
		}
		l.listening, l.addresses = append(l.listening, one), append(l.addresses, bound)
	}
	for i, one := range l.listening {
		l.running.Go(func() { l.acceptAll(one, l.addresses[i]) })
	}
	l.running.Go(func() { reviewAll(l.all, config.Reachable, l.stop) })
	l.left = meetings.add(config.Instance, func(raw rawConn) { l.take(raw, false) })
	return l, nil
}

// listen listens at one address, and returns which one that is.
func (l *Listener) listen(at Address) (net.Listener, Address, error) {
	if at.Network == "unix" {
		one, path, err := listenUnix(at.Where, l.config.Instance)
		at.Where = path
		return one, at, err
	}
	one, err := net.Listen("tcp", at.Where)
	if err != nil {
		return nil, at, err
	}
	_, port, _ := net.SplitHostPort(one.Addr().String())
	return one, at.withPort(port), nil
}

// Addresses returns what callers are told to dial now, those of this host first.
func (l *Listener) Addresses() (all []Address) {
	switch {
	case len(l.config.Advertise) > 0:
		for _, a := range l.config.Advertise {
			if i := slices.IndexFunc(l.addresses, func(a Address) bool { return a.Network == "tcp" }); i >= 0 && a.Network == "tcp" && a.port() == "0" {
				a = a.withPort(l.addresses[i].port())
			}
			all = append(all, a)
		}
	default:
		for _, a := range l.addresses {
			if a.Network == "tcp" && a.IsWildcard() {
				a.Where = net.JoinHostPort(l.config.Host(), a.port())
			}
			all = append(all, a)
		}
	}
	all = slices.DeleteFunc(all, func(a Address) bool { return a.Network == "memory" })
	rank := func(a Address) int {
		switch {
		case a.Network == "unix":
			return 0
		case a.OnHost():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(all, func(a, b Address) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

// Ticket gives a ticket for a service to who has the key of a fingerprint; nil: none are given any
// more.
func (l *Listener) Ticket(service string, client wire.Fingerprint) *wire.Ticket {
	l.mu.Lock()
	closing := l.closing
	l.mu.Unlock()
	if closing {
		return nil
	}
	t := &wire.Ticket{Server: l.identity.Fingerprint}
	t.ID, t.Secret = l.tickets.issue(service, client, time.Now())
	for _, a := range l.Addresses() {
		t.Addresses = append(t.Addresses, a.String())
	}
	l.Stats.Tickets.Add(1)
	return t
}

// acceptAll takes connections until the listener is closed.
func (l *Listener) acceptAll(from net.Listener, at Address) {
	pause := time.Duration(0)
	for {
		socket, err := from.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // such as too many open files
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			l.log.note("connections can't be taken", err)
			select {
			case <-time.After(pause):
			case <-l.stop:
			}
			continue
		}
		pause = 0
		if tcp, ok := socket.(*net.TCPConn); ok {
			_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive, Count: 3})
		}
		l.take(newOutlet(socket, allLinks), at.Network == "tcp" && !at.Plain && !l.config.onHost(socket.LocalAddr()))
	}
}

// take takes a connection, if there is room, and serves it until it ends. Tls: it may not be plain.
func (l *Listener) take(raw rawConn, tls bool) {
	l.mu.Lock()
	room := !l.closing && len(l.half) < maxHalfOpen && len(l.open)+len(l.half) < maxOpen
	if room {
		l.half[raw] = struct{}{}
		l.Stats.HalfOpen.Store(int64(len(l.half)))
		l.running.Add(1)
	} else if !l.closing {
		l.Stats.TooMany.Add(1)
	}
	l.mu.Unlock()
	if !room {
		_ = raw.Close()
		return
	}
	go func() {
		defer l.running.Done()
		l.serve(raw, tls)
	}()
}

// serve opens a connection and serves it.
func (l *Listener) serve(raw rawConn, tls bool) {
	s, taken, err := l.welcome(raw, tls)
	if err == nil {
		s.unlimited() // before Close finds it among the open ones, and limits it to now
	}
	l.mu.Lock()
	delete(l.half, raw)
	l.Stats.HalfOpen.Store(int64(len(l.half)))
	if err == nil && l.closing {
		err = net.ErrClosed
	}
	if err == nil {
		l.open[s] = struct{}{}
		l.Stats.Open.Store(int64(len(l.open)))
	}
	l.mu.Unlock()
	if err != nil {
		_ = raw.Close()
		l.refuse(raw, err)
		return
	}
	l.Stats.Opened.Add(1)
	if err := s.write(taken, nil); err != nil {
		s.close() // which receiving finds out
	}
	l.config.Serve(s)
	s.close()
	l.mu.Lock()
	delete(l.open, s)
	l.Stats.Open.Store(int64(len(l.open)))
	l.mu.Unlock()
	l.config.Gone(s.key)
}

// welcome opens a connection. It returns the frame that tells the other end so.
func (l *Listener) welcome(raw rawConn, tls bool) (*serverLink, *frame, error) {
	c := newConn(raw)
	c.within(openingTime)
	begun, err := begin(raw)
	if err != nil {
		return nil, nil, err
	}
	var peer *wire.Fingerprint
	opening := net.Conn(begun)
	if begun.isTLS() {
		t := l.identity.server(begun)
		if err := t.Handshake(); err != nil {
			return nil, nil, fmt.Errorf("TLS: %w", err)
		}
		key, _ := peerOf(t.ConnectionState())
		c.socket, opening, peer, tls = t, t, &key, false
	}
	g, id, session, err := accept(opening, &l.tickets, peer, l.identity.Fingerprint, tls)
	if err != nil {
		return nil, nil, err
	}
	c.session = session
	s := &serverLink{
		conn: c, counters: l.config.Counters, stats: &l.Stats, key: keyOf(l.last.Add(1)), peer: g.client, largest: l.config.MaxMessage,
		use: func(id wire.TicketID) (grant, bool) { return l.tickets.use(id, time.Now()) },
		bye: make(chan struct{}), rests: make(chan struct{}),
	}
	s.ended = func(err error) { l.ended(raw, err) }
	s.denied = func(err error) { l.denied(raw, err) }
	return s, &frame{kind: kindTaken, id: id, service: s.take(&g)}, nil
}

// denied counts a further ticket that wasn't taken.
func (l *Listener) denied(raw net.Conn, err error) {
	l.Stats.WrongProofs.Add(1)
	l.log.note("a further ticket on a direct connection was refused", err, "from", raw.RemoteAddr().String())
}

// refuse counts a connection that wasn't opened.
func (l *Listener) refuse(raw net.Conn, err error) {
	switch {
	case errors.Is(err, errUnknownTicket), errors.Is(err, errWrongProof), errors.Is(err, errWrongKey), errors.Is(err, errNotTLS):
		l.Stats.WrongProofs.Add(1)
	default:
		l.Stats.Failed.Add(1)
	}
	if wentAway(err) {
		return // as a caller does that ends before its link stands
	}
	l.log.note("a direct connection was refused", err, "from", raw.RemoteAddr().String())
}

// ended counts a connection that ended as its other end broke the protocol.
func (l *Listener) ended(raw net.Conn, err error) {
	if !isRegular(err) {
		l.Stats.Broken.Add(1)
		l.log.note("a direct connection was ended, as what came broke the protocol", err, "from", raw.RemoteAddr().String())
	}
}

// all returns the connections that are open.
func (l *Listener) all() (all []*serverLink) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range l.open {
		all = append(all, s)
	}
	return all
}

// Leave takes no more connections, says goodbye on those that are open, and returns when no more calls
// are taken: once all callers have said theirs, behind which none come, or a moment later, or when ctx
// ends. Calls of those that haven't said goodbye are refused from then on, as long as their connections
// last.
func (l *Listener) Leave(ctx context.Context) {
	l.mu.Lock()
	l.closing = true
	for raw := range l.half {
		_ = raw.Close()
	}
	l.mu.Unlock()
	l.left()
	for _, one := range l.listening {
		_ = one.Close()
	}
	open := l.all()
	for _, s := range open {
		s.goodbye()
	}
	waiting, cancel := context.WithTimeout(ctx, goodbyeTime)
	defer cancel()
	for _, s := range open {
		select {
		case <-s.bye:
		case <-waiting.Done():
		}
	}
	for _, s := range open {
		s.shutOut()
	}
}

// Close ends all connections, once what was written has left, and returns when nothing is served
// any more.
func (l *Listener) Close() {
	l.mu.Lock()
	first := !l.closed
	l.closed = true
	l.mu.Unlock()
	if !first {
		return
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	l.Leave(over)
	close(l.stop)
	for _, s := range l.all() {
		s.finish()
	}
	l.running.Wait()
}

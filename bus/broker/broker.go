package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
)

// startTimeout bounds what Start waits for after the server says that it runs.
const startTimeout = 10 * time.Second

// connectTimeout bounds Connect. It takes a millisecond, if the machine has one.
const connectTimeout = 30 * time.Second

// ErrClosed is wrapped by what Connect returns after Close.
var ErrClosed = errors.New("the broker is closed")

// Broker is a NATS server in this process. Its methods may be called from many
// goroutines at once.
type Broker struct {
	server *server.Server
	plan   *plan
	store  *store
	logger *slog.Logger

	clientPort int // known once Start has returned

	closing sync.Once

	mu     sync.Mutex   // guards the fields below
	conns  []*nats.Conn // made by Connect, for Close
	closed bool
}

// Start returns a broker that serves: its ports are open, if any, and JetStream is
// ready. In a cluster that means this member alone; [Broker.WaitCluster] waits for
// the others. ctx bounds the start, not the broker's life, which [Broker.Close] ends.
//
// An error says what to change, and nothing is left behind: no goroutine, no port,
// no temporary directory.
func Start(ctx context.Context, config Config) (*Broker, error) {
	if ctx == nil {
		return nil, errors.New("broker: the context is nil; pass context.Background()")
	}
	for attempt := 1; ; attempt++ {
		b, err := start(ctx, config)
		if errors.Is(err, errPickedPortTaken) && attempt < 3 {
			continue
		}
		return b, err
	}
}

func start(ctx context.Context, config Config) (*Broker, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("broker: not started: %w", err)
	}
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	logger := config.Logger
	p, err := newPlan(ctx, config)
	if err != nil {
		return nil, err
	}
	st, err := openStore(config.Dir)
	if err != nil {
		return nil, err
	}
	p.options.StoreDir = st.path
	srv, err := server.NewServer(p.options)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("broker: the server refuses its configuration: %w", err), st.close())
	}
	log := newServerLog(logger)
	srv.SetLoggerV2(log, logger.Enabled(ctx, slog.LevelDebug), false, false)
	b := &Broker{server: srv, plan: p, store: st, logger: logger}
	srv.Start()
	if err := b.awaitStart(ctx, log); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// errPickedPortTaken: between picking a free port and opening it, somebody else opened it.
var errPickedPortTaken = errors.New("a port that was picked as it was free is taken")

// awaitStart waits until the ports are open: a server opens its cluster port on a
// goroutine of its own, after Start.
func (b *Broker) awaitStart(ctx context.Context, log *serverLog) error {
	deadline := time.After(startTimeout)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case err := <-log.fatal:
			if b.plan.pickedPort() && (strings.Contains(err.Error(), "router port") || strings.Contains(err.Error(), "websocket connections")) {
				return fmt.Errorf("broker: %w: %w; start again", errPickedPortTaken, err)
			}
			return fmt.Errorf("broker: the server can't start: %w", err)
		default:
		}
		if at, ok := b.server.Addr().(*net.TCPAddr); ok {
			b.clientPort = at.Port
		}
		if b.plan.cluster == nil || b.server.ClusterAddr() != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("broker: not started: %w", ctx.Err())
		case <-deadline:
			return fmt.Errorf("broker: the cluster port isn't open after %v; look at the log at debug level", startTimeout)
		case <-poll.C:
		}
	}
}

// Connect returns a connection within the process that keeps package bus's rules.
// It needs no credentials and may do everything, whatever Config.Users says; name
// is what monitoring and logs call it. Close closes it. Options are any of nats.go's.
func (b *Broker) Connect(name string, options ...nats.Option) (*nats.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	// Wait: a handshake that takes seconds meets the server's first ping and fails of it.
	return b.ConnectWith(ctx, bus.Config{Name: name, Wait: true, Logger: b.logger, Options: options})
}

// ConnectWith is Connect with all that a [bus.Config] can say: with credentials in
// it, the connection is that user's, permissions and all. URL and TLS aren't used.
func (b *Broker) ConnectWith(ctx context.Context, config bus.Config) (*nats.Conn, error) {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return nil, fmt.Errorf("broker: can't connect %q: %w; connect before Close", config.Name, ErrClosed)
	}
	config.InProcess, config.TLS = b.server, nil
	nc, err := bus.Connect(ctx, config)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		nc.Close()
		return nil, fmt.Errorf("broker: can't connect %q: %w; connect before Close", config.Name, ErrClosed)
	}
	b.conns = append(slices.DeleteFunc(b.conns, (*nats.Conn).IsClosed), nc)
	return nc, nil
}

// Name returns the server's name.
func (b *Broker) Name() string { return b.server.Name() }

// URL returns where other processes connect, such as "nats://127.0.0.1:4222", without
// credentials; "" while nothing listens. Listening on all interfaces, it is the
// address that works on this machine.
func (b *Broker) URL() string {
	if b.plan.client == nil {
		return ""
	}
	scheme := "nats"
	if b.plan.options.TLS {
		scheme = "tls"
	}
	return b.plan.client.url(scheme, b.clientPort)
}

// WebsocketURL returns where websocket clients connect, such as "ws://127.0.0.1:8080",
// without credentials; "" while none are listened for.
func (b *Broker) WebsocketURL() string {
	if b.plan.websocket == nil {
		return ""
	}
	scheme := "ws"
	if b.plan.options.Websocket.TLSConfig != nil {
		scheme = "wss"
	}
	return b.plan.websocket.url(scheme, b.plan.websocket.port)
}

// ClusterURL returns a route to this member for the Routes of others, without
// credentials; "" without a cluster.
func (b *Broker) ClusterURL() string {
	if b.plan.cluster == nil {
		return ""
	}
	return b.plan.cluster.url("nats-route", b.plan.cluster.port)
}

// WaitCluster waits until this member is connected to size-1 others, they have elected
// a JetStream leader, and a stream with size replicas (at most 5, NATS's own limit)
// can be created, which it tries. An error names who is there and who is missing.
//
// An election takes well under a second, or several seconds if candidates tie.
func (b *Broker) WaitCluster(ctx context.Context, size int) error {
	if ctx == nil {
		return errors.New("broker: the context is nil; pass context.Background()")
	}
	if b.plan.cluster == nil {
		if size <= 1 {
			return nil
		}
		return helium.ConfigErrorf("broker", "%s can't wait for %d members, it stands alone; set {Config.Cluster}", b.Name(), size)
	}
	m := &member{
		name: b.Name(), cluster: b.plan.options.Cluster.Name, url: b.ClusterURL(), routes: b.plan.routes,
		server: b.server,
		connect: func(ctx context.Context) (*nats.Conn, error) {
			return b.ConnectWith(ctx, bus.Config{Name: "helium-wait-cluster", Logger: b.logger})
		},
	}
	return m.waitFor(ctx, size)
}

// Close ends the broker and returns when all of it is gone: the connections that
// Connect made, its ports and goroutines, a temporary directory. Again, it does nothing.
func (b *Broker) Close() {
	if b == nil || b.server == nil {
		return // Start didn't make it, so nothing runs
	}
	b.closing.Do(func() {
		b.mu.Lock()
		b.closed = true
		conns := b.conns
		b.conns = nil
		b.mu.Unlock()
		for _, nc := range conns {
			nc.Close()
		}
		b.server.Shutdown()
		b.server.WaitForShutdown()
		if err := b.store.close(); err != nil {
			b.logger.Warn("a broker's directory is left behind", "dir", b.store.path, "error", err)
		}
	})
}

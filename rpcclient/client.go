package rpcclient

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/wire"
)

// Client calls services over one connection. It is safe for concurrent use, and the
// more goroutines share one client, the more calls share a message.
type Client struct {
	*core
	instance string // the one instance to call; "" for any
}

// core is what a client and its views by At share.
type core struct {
	nc       *nats.Conn
	registry *binder.Client
	config   Config
	subjects wire.Subjects
	log      *slog.Logger
	handler  Handler // invoke within the interceptors

	inbox     string // calls are answered at inbox.+<message>
	replies   *nats.Subscription
	inflight  *inflight
	deadlines *wire.Sweep
	lastSeq   atomic.Uint64
	retries   retryBudget
	counters  counters
	payload   atomic.Int64 // the connection's largest message, in bytes
	closed    atomic.Bool
	life      context.Context // ends with Close
	die       context.CancelFunc

	mu           sync.Mutex
	services     map[string]*service             // guarded by mu
	destinations map[destinationKey]*destination // guarded by mu
	bareNames    map[string]string               // guarded by mu; "add" to "math", while known to be unambiguous
	dynamic      map[methodKey]*Method           // guarded by mu; those called by name
	closing      []func()                        // guarded by mu; what Close undoes, last first
}

// New returns a client that calls over nc, which stays the caller's to close, after the
// client's Close. No binder needs to be there yet.
func New(nc *nats.Conn, config Config) (*Client, error) {
	config, subjects, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	registry, err := binder.NewClient(nc, config.Prefix)
	if err != nil {
		return nil, err
	}
	c := &core{
		nc: nc, registry: registry, config: config, subjects: subjects, log: config.Logger,
		inbox:        nc.NewInbox(),
		inflight:     newInflight(),
		services:     make(map[string]*service),
		destinations: make(map[destinationKey]*destination),
		bareNames:    make(map[string]string),
		dynamic:      make(map[methodKey]*Method),
	}
	c.life, c.die = context.WithCancel(context.Background())
	// An outsider can't guess a call that is in flight, even if it knew the inbox.
	c.lastSeq.Store(rand.Uint64() >> 1)
	c.payload.Store(nc.MaxPayload())
	c.deadlines = wire.NewSweep(c.expire)
	c.handler = c.invoke
	for i := len(config.Interceptors) - 1; i >= 0; i-- {
		c.handler = config.Interceptors[i](c.handler)
	}
	if err := c.open(); err != nil {
		c.close()
		return nil, fmt.Errorf("rpcclient: %w", err)
	}
	return &Client{core: c}, nil
}

// open subscribes to what the client has to hear of.
func (c *core) open() (err error) {
	if c.replies, err = c.nc.Subscribe(c.inbox+".*", c.receive); err != nil {
		return fmt.Errorf("subscribing to the client's inbox: %w", err)
	}
	c.onClose(func() { _ = c.replies.Unsubscribe() })
	// Answers may be large and come in bursts; dropping one would cost its caller
	// the whole timeout, and receive never waits.
	if err := c.replies.SetPendingLimits(-1, -1); err != nil {
		return err
	}
	stop, err := c.registry.Watch("", c.registryChanged)
	if err != nil {
		return fmt.Errorf("watching the registry: %w", err)
	}
	c.onClose(stop)
	c.watchConnection()
	c.watchPermissions()
	return nil
}

func (c *core) onClose(undo func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = append(c.closing, undo)
}

// At returns a view of the client whose calls go to one instance, by its name in the
// registry. It shares everything with the client and needs no Close of its own.
func (c *Client) At(instance string) *Client { return &Client{core: c.core, instance: instance} }

// Close fails the calls in flight and ends the client. The connection stays open.
func (c *Client) Close() error { return c.close() }

func (c *core) close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.die()
	c.mu.Lock()
	closing := c.closing
	c.mu.Unlock()

	for i := len(closing) - 1; i >= 0; i-- {
		closing[i]()
	}
	c.failAll(ErrClosed.WithMessage("the client was closed while the call was in flight").WithOutcome(helium.Unknown))
	c.deadlines.Stop()
	// What was handed over to be sent one way has nobody who waits for it.
	if c.counters.notifies.Load() > 0 && c.nc.IsConnected() {
		if err := c.nc.FlushTimeout(time.Second); err != nil {
			return fmt.Errorf("rpcclient: one-way calls may not have left: %w", err)
		}
	}
	return nil
}

package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/natsperm"
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
	deadlines *link.Sweep
	retries   retryBudget
	payload   atomic.Int64  // the connection's largest message, in bytes; 0: not known
	losses    atomic.Uint64 // counts how often nc said that it lost its connection
	epoch     atomic.Uint64 // counts the connections to a server that nc has had, from 1
	captured  sync.Once     // logs that a JetStream stream acknowledges calls
	keepsLate bool          // nc keeps what is published while it is down, and sends it later

	// What every call writes is kept out of the cache lines of what every call reads.
	_        [64]byte
	lastSeq  atomic.Uint64
	counters counters
	sent     sentLog
	_        [64]byte

	born       time.Time       // services count their time from here
	life       context.Context // ends with Close
	die        context.CancelFunc
	closed     atomic.Bool
	closing    sync.Once
	closeErr   error          // of the first Close
	background sync.WaitGroup // lookups

	mu         sync.RWMutex           // taken after a service.mu, never before
	services   map[string]*service    // guarded by mu
	names      map[string]bareName    // guarded by mu; what methods' bare names stand for
	namesEpoch uint64                 // guarded by mu; grows when a bare name may have become ambiguous
	asking     map[*question]struct{} // guarded by mu; questions to binders that wait for their answer
	undo       []func()               // guarded by mu; what Close undoes, last first
}

// New returns a client that calls over nc, which stays the caller's to close, after the
// client's Close. No binder needs to be there yet, but nc must be connected.
//
// It is an error if no answer could arrive: nc's inbox prefix is one that servers don't
// answer (helium.ErrBadRegistryName), or its user may not subscribe to the client's inbox or may
// have no more subscriptions ([helium.ErrNotPermitted]).
//
// The client steps in front of nc's error handler, from which alone NATS tells what the
// connection's user isn't permitted to do. Who sets another one later should have it
// call the one that nc.ErrorHandler returned.
func New(nc *nats.Conn, config Config) (*Client, error) {
	config, subjects, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	registry, err := binder.NewClient(nc, config.Prefix)
	if err != nil {
		return nil, fmt.Errorf("rpcclient: %w", err)
	}
	c := &core{
		nc: nc, registry: registry, config: config, subjects: subjects, log: config.Logger,
		inbox:     nc.NewInbox(),
		inflight:  new(inflight),
		keepsLate: nc.Opts.ReconnectBufSize >= 0,
		born:      time.Now(),
		services:  make(map[string]*service),
		names:     make(map[string]bareName),
		asking:    make(map[*question]struct{}),
	}
	c.life, c.die = context.WithCancel(context.Background())
	// An outsider can't guess a call that is in flight, even if it knew the inbox.
	c.lastSeq.Store(rand.Uint64() >> 1)
	c.payload.Store(nc.MaxPayload())
	c.epoch.Store(1)
	c.deadlines = link.NewSweep(c.expire)
	c.handler = c.invoke
	for i := len(config.Interceptors) - 1; i >= 0; i-- {
		if c.handler = config.Interceptors[i](c.handler); c.handler == nil {
			return nil, helium.ConfigErrorf("rpcclient", "{Config.Interceptors}[%d] returned no handler; return next to leave calls alone", i)
		}
	}
	if err := c.open(); err != nil {
		_ = c.close() // its error could only repeat err
		return nil, fmt.Errorf("rpcclient: %w", err)
	}
	return &Client{core: c}, nil
}

// open subscribes to what the client has to hear of.
func (c *core) open() error {
	c.watchPermissions()
	c.watchConnection()
	ctx, cancel := context.WithTimeout(c.life, leaveTime)
	defer cancel()
	ours := func(subject string) bool { return subject == c.inbox+".*" }
	refusal, err := natsperm.Confirm(ctx, c.nc, ours, c.subscribe)
	switch {
	case errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded):
		return helium.ErrNotPermitted.WithMessage("the NATS server takes no more subscriptions of this connection, so the client couldn't receive answers; raise max_subscriptions, or the user's limit: %w", refusal)
	case refusal != nil:
		// Without its answers every call would wait for its deadline. Without the events of
		// the registry, which may be forbidden too, the client only learns more slowly.
		return helium.ErrNotPermitted.WithMessage("this connection's user may not receive answers; allow it to subscribe to %q: %w", c.inbox[:strings.LastIndexByte(c.inbox, '.')]+".>", refusal)
	}
	return err
}

// subscribe subscribes to answers and to the registry's events.
func (c *core) subscribe() (err error) {
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
	return nil
}

func (c *core) onClose(undo func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.undo = append(c.undo, undo)
}

// At returns a view of the client whose calls go to one instance, by its name in the
// registry. It shares everything with the client and needs no Close of its own.
func (c *Client) At(instance string) *Client {
	if c.unmade() != nil {
		return c
	}
	return &Client{core: c.core, instance: instance}
}

// unmade returns the error of all that is done with a client that New didn't return, nil
// with any other.
func (c *Client) unmade() *helium.Error {
	if c == nil || c.core == nil {
		return helium.ErrClientClosed.WithMessage("the client is nil; make one with rpcclient.New, and look at its error").WithOutcome(helium.NotExecuted)
	}
	return nil
}

// leaveTime bounds what Close waits for one-way calls to leave. A NATS server that is
// only busy takes less.
const leaveTime = 5 * time.Second

// Close fails the calls in flight and ends the client and its views by At. The
// connection stays open. An error means that one-way calls may not have left: the NATS
// server didn't answer within 5 s.
func (c *Client) Close() error {
	if c.unmade() != nil {
		return nil
	}
	return c.close()
}

func (c *core) close() error {
	c.closing.Do(func() { c.closeErr = c.shutDown() })
	return c.closeErr
}

func (c *core) shutDown() error {
	c.mu.Lock()
	c.closed.Store(true) // with the lock, so that no lookup begins from now on
	undo := c.undo
	c.mu.Unlock()
	c.die()
	for i := len(undo) - 1; i >= 0; i-- {
		undo[i]()
	}
	// A call that comes after this sees that the client is closed; see attempt.
	c.failAll(helium.ErrClientClosed.WithMessage("the client was closed while the call was in flight").WithOutcome(helium.Unknown))
	c.deadlines.Stop()
	c.background.Wait()
	// What was handed over to be sent one way has nobody who waits for it.
	if c.counters.notifies.Load() > 0 && c.nc.IsConnected() {
		if err := c.nc.FlushTimeout(leaveTime); err != nil {
			return fmt.Errorf("rpcclient: one-way calls may not have left: %w", err)
		}
	}
	return nil
}

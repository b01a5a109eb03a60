package rpcclient

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/direct"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient/internal/keys"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
)

// Client calls services over one connection. It is safe for concurrent use, and the
// more goroutines share one client, the more calls share a message.
type Client struct {
	*client
	instance string   // the one instance to call; "" for any
	key      keys.Key // picks the instance to call
}

// client is what a client and its views by At and Keyed share.
type client struct {
	core
	handler  Handler // carryOut within the interceptors
	byName   methodCache
	twice    *twice
	direct   *direct.Client // nil: all calls go by the bus
	unwatch  func()         // ends the registry's events; nil: they haven't begun
	closing  sync.Once
	closeErr error // of the first Close
}

// New returns a client that calls over nc, which stays the caller's to close, after the
// client's Close. No binder needs to be there yet, but nc must be connected.
//
// It is an error if no answer could arrive: nc's inbox prefix is one that servers don't
// answer (helium.ErrBadRegistryName), or its user may not subscribe to the client's inbox or may
// have no more subscriptions ([helium.ErrNotPermitted]).
//
// New waits for NATS to have taken the client's subscriptions, 5 s at most if the NATS server
// doesn't answer, and then fails.
//
// The client steps in front of nc's error handler, from which alone NATS tells what the
// connection's user isn't permitted to do. Who sets another one later should have it
// call the one that nc.ErrorHandler returned.
func New(nc *nats.Conn, config Config) (*Client, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	binders, err := binder.NewClient(nc, config.Prefix)
	if err != nil {
		return nil, fmt.Errorf("rpcclient: %w", err)
	}
	subjects, _ := wire.NewSubjects(config.Prefix) // which withDefaults has tried
	c := &client{handler: carryOut}
	c.log, c.timeout, c.attempts = config.Logger, config.Timeout, config.MaxAttempts
	c.maxValue, c.turns, c.streams, c.renewal = config.MaxValue, chunks.NewTurns(), stream.PoolOf(nc), renewal
	c.closed = make(chan struct{})
	c.retries.Open(&c.counters.calls)
	if config.Hedge {
		c.latencies = new(retries.Latencies)
	}
	c.links = link.NewDispatcher(nc, subjects, config.Logger)
	c.directory = directory.New(directory.Config{Binders: binders, Subjects: subjects, Timeout: config.Timeout, Changed: c.viewChanged})
	if !config.BusOnly {
		if c.direct, err = newDirect(nc, c.links, c.directory, &config); err != nil {
			return nil, fmt.Errorf("rpcclient: %w", err)
		}
	}
	c.twice = &twice{log: config.Logger, directory: c.directory}
	for i := len(config.Interceptors) - 1; i >= 0; i-- {
		if c.handler = config.Interceptors[i](unwrapping(c.handler)); c.handler == nil {
			return nil, helium.ConfigErrorf("rpcclient", "{Config.Interceptors}[%d] returned no handler; return next to leave calls alone", i)
		}
	}
	if err := c.open(nc.ConnectedClusterName); err != nil {
		_ = c.close() // its error could only repeat err
		return nil, fmt.Errorf("rpcclient: %w", err)
	}
	return &Client{client: c}, nil
}

// openTime bounds what New waits for NATS to take its subscriptions.
const openTime = 5 * time.Second

// open subscribes to answers and to the registry's events.
func (c *client) open(cluster func() string) error {
	ctx, cancel := context.WithTimeout(context.Background(), openTime)
	defer cancel()
	events := link.Events{Refused: c.directory.Refused, Reconnected: c.directory.Reconnected, Registry: peers{c.directory, cluster}, Twice: c.twice.note}
	return c.links.Open(ctx, events, func() (err error) {
		c.unwatch, err = c.directory.Watch()
		return err
	})
}

// viewChanged looks for direct links, and lets go of what was kept for instances that are gone.
func (c *client) viewChanged(service string, view *directory.View) {
	if c.direct != nil {
		c.direct.Told(service, offersIn(view))
	}
	// In this order, as the cache keeps endpoints.
	if view == nil {
		c.byName.forget(service)
		c.links.Forget(service)
		if c.latencies != nil {
			c.latencies.Forget(service)
		}
		return
	}
	isThere := func(instance string) bool { return view.VersionOf(instance) != nil }
	c.byName.prune(service, isThere)
	c.links.Told(service, isThere, view.InstancesWith(wire.AnswersOnce))
}

// At returns a view of the client whose calls go to one instance, by its name in the
// registry. It shares everything with the client and needs no Close of its own.
func (c *Client) At(instance string) *Client {
	if c.unmade() != nil {
		return c
	}
	return &Client{client: c.client, instance: instance}
}

// unmade returns the error of all that is done with a client that New didn't return, nil
// with any other.
func (c *Client) unmade() *helium.Error {
	if c == nil || c.client == nil {
		return helium.ErrClientClosed.WithMessage("the client is nil; make one with rpcclient.New, and look at its error").WithOutcome(helium.NotExecuted)
	}
	return nil
}

// Stats returns the counts so far, those of the views by At and Keyed included.
func (c *Client) Stats() Stats {
	if c.unmade() != nil {
		return Stats{}
	}
	n, sent := &c.counters, &c.links.Counters
	largeSent, largeBytesSent := n.largeSent.Read()
	largeReceived, largeBytesReceived := n.largeReceived.Read()
	links := 0
	if c.direct != nil {
		links = c.direct.Linked()
	}
	return Stats{
		DirectLinks: links, DirectFrames: sent.DirectFrames.Load(), DirectMessages: sent.DirectMessages.Load(),
		Calls: n.calls.Load(), Failures: n.failures.Load(), Retries: n.retries.Load(), Fallbacks: n.fallbacks.Load(), Notifies: n.notifies.Load(),
		Hedges: n.hedges.Load(), HedgesWon: n.hedgesWon.Load(),
		LargeSent: largeSent, LargeReceived: largeReceived, LargeBytesSent: largeBytesSent, LargeBytesReceived: largeBytesReceived,
		Streams: n.streams.Load(), ItemsSent: n.itemsSent.Load(), ItemsReceived: n.itemsReceived.Load(),
		FramesSent: sent.Frames.Load(), MessagesSent: sent.Messages.Load(),
		Lookups:  c.directory.Lookups(),
		HeldBack: sent.HeldBack.Load(),
		Silent:   sent.Silent.Load(), SilentInstances: int(sent.SilentInstances.Load()),
		NoResponders: sent.NoResponders.Load(), Unmatched: sent.Unmatched.Load(), Malformed: sent.Malformed.Load(), Twice: sent.Twice.Load(),
		InFlight: c.links.InFlight(),
	}
}

// Close fails the calls in flight and ends the client and its views by At and
// Keyed. The connection stays open. An error means that one-way calls may not have left: the NATS
// server didn't answer within 5 s.
func (c *Client) Close() error {
	if c.unmade() != nil {
		return nil
	}
	return c.close()
}

func (c *client) close() error {
	c.closing.Do(func() { c.closeErr = c.shutDown() })
	return c.closeErr
}

func (c *client) shutDown() error {
	if c.unwatch != nil {
		c.unwatch()
	}
	c.links.Close() // first: no call begins any more
	close(c.closed)
	if c.direct != nil {
		c.direct.Close()
	}
	c.directory.Close() // waits for lookups under way
	if err := c.links.Flush(); err != nil {
		return fmt.Errorf("rpcclient: %w", err)
	}
	return nil
}

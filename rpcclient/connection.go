package rpcclient

import (
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

// watchConnection fails the calls in flight when the connection is lost: their answers
// would go nowhere, and nobody should wait for them.
func (c *core) watchConnection() {
	status := c.nc.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.DISCONNECTED, nats.CLOSED)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := range status {
			if s == nats.CONNECTED {
				c.reconnected()
				continue
			}
			c.lost()
		}
	}()
	c.onClose(func() {
		c.nc.RemoveStatusListener(status) // closes the channel
		<-done
	})
}

// lost fails the calls that went with the connection. Those that the connection hasn't
// taken are left to publish, which is about to learn that it doesn't.
func (c *core) lost() {
	c.losses.Add(1) // before looking; see publish
	for _, call := range c.inflight.takeIf(func(call *Invocation) bool { return c.sent.wasTaken(call.message.Load()) }) {
		call.finish(nil, helium.ErrDisconnected.WithOutcome(helium.Unknown))
	}
}

// reconnected takes stock: events may have been missed, and permissions may differ.
func (c *core) reconnected() {
	c.payload.Store(c.nc.MaxPayload())
	c.epoch.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.namesEpoch++
	for _, s := range c.services {
		s.refreshDue.Store(0)
	}
}

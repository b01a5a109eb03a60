package rpcclient

import "time"

// Known returns how many services, methods called by name, bare names and instances to
// call the client remembers.
func (c *Client) Known() (services, methods, names, instances int) {
	services, names = c.directory.Size()
	c.byName.mu.RLock()
	defer c.byName.mu.RUnlock()
	for _, of := range c.byName.methods {
		methods += len(of)
	}
	return services, methods, names, c.links.Kept()
}

// Instances returns the instances that the client knows of a service.
func (c *Client) Instances(service string) []string {
	s := c.directory.Known(service)
	if s == nil || s.Current() == nil {
		return nil
	}
	return s.Current().Instances
}

// Connections returns how many connections to a server the client has taken note of.
func (c *Client) Connections() uint64 { return c.links.Connections() }

// Distrust makes what the client knows as doubtful as after a reconnect.
func (c *Client) Distrust() { c.directory.Reconnected() }

// Inbox returns the subject prefix at which the client is answered.
func (c *Client) Inbox() string { return c.links.Inbox() }

// NamesInDoubt counts the events of the registry that put bare names in doubt.
func (c *Client) NamesInDoubt() uint64 { return c.directory.Doubts() }

// RenewEach has the permissions to answer streams renewed that often.
func (c *Client) RenewEach(d time.Duration) { c.core.renewal = d }

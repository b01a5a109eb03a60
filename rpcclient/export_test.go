package rpcclient

// Known returns how many services, methods called by name, bare names and instances to
// call the client remembers.
func (c *Client) Known() (services, methods, names, instances int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, s := range c.services {
		s.mu.RLock()
		methods += len(s.dynamic)
		instances += len(s.destinations)
		if s.destinations[""] != nil {
			instances--
		}
		s.mu.RUnlock()
	}
	return len(c.services), methods, len(c.names), instances
}

// Instances returns the instances that the client knows of a service.
func (c *Client) Instances(service string) []string {
	c.mu.RLock()
	s := c.services[service]
	c.mu.RUnlock()
	if s == nil || s.current.Load() == nil {
		return nil
	}
	return s.current.Load().instances
}

// Connections returns how many connections to a server the client has taken note of.
func (c *Client) Connections() uint64 { return c.epoch.Load() }

// Distrust makes what the client knows of a service as old as it may become.
func (c *Client) Distrust(service string) { c.service(service, false).refreshDue.Store(0) }

// Inbox returns the subject prefix at which the client is answered.
func (c *Client) Inbox() string { return c.inbox }

// NamesInDoubt counts the events of the registry that put bare names in doubt.
func (c *Client) NamesInDoubt() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.namesEpoch
}

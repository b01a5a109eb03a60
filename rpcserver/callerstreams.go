package rpcserver

import "github.com/helium-rpc/helium/internal/wire"

// follow hands a frame to the call of a caller that it is about, if something goes on with that. It
// is ignored otherwise.
func (cs *callers) follow(key string, f *wire.Frame) {
	cs.mu.Lock()
	c := cs.byKey[key]
	cs.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	var to follower
	if call, _ := c.calls.Get(f.Seq); call != nil {
		to, _ = call.answer.(follower)
	}
	c.mu.Unlock()
	if to != nil {
		to.follow(f)
	}
}

// followed returns the calls with which something goes on.
func (cs *callers) followed() (calls []*Call) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.byKey {
		c.mu.Lock()
		for _, call := range c.calls.All() {
			if _, ok := call.answer.(follower); ok {
				calls = append(calls, call)
			}
		}
		c.mu.Unlock()
	}
	return calls
}

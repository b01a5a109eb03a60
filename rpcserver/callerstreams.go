package rpcserver

import (
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// follow hands a frame to the call of a caller that it is about, if something goes on with that. It
// is ignored otherwise. Where a credit that gives nothing came, the caller is answered from now on: the permission
// to answer there begins with it.
func (cs *callers) follow(from link.Caller, f *wire.Frame) {
	cs.mu.Lock()
	c := cs.byKey[from.Key]
	cs.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	var to follower
	if call, _ := c.calls.Get(f.Seq); call != nil {
		to, _ = call.answer.(follower)
	}
	if to != nil && f.Kind == wire.KindCredit && !from.Once && givesNothing(f) {
		c.address = from.Address
	}
	c.mu.Unlock()
	if to != nil {
		to.follow(f)
	}
}

func givesNothing(f *wire.Frame) bool {
	credit, err := wire.ReadCredit(f.Body)
	return err == nil && credit == wire.Credit{}
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

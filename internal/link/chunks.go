package link

import (
	"bytes"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// Announce sends a call whose arguments come in chunks, or a stream whose arguments come as its first item, as
// Send does one that holds them: its frame, a [wire.KindLargeCall] or [wire.KindLargeStream], is a message of its
// own. The arguments follow by the same link.
func (d *Dispatcher) Announce(c *Call, f *wire.Frame) *helium.Error {
	if _, e := d.enter(c, f, true); e != nil {
		return e
	}
	of := batch.Call{Method: c.To.Name, Work: c.To.work(), Deadline: c.Deadline, Left: &c.left}
	c.batcher.AddWhole(f, of, func(opening []byte) ([]byte, int) { return wire.AppendFrame(bytes.Clone(opening), f), 0 })
	c.given = time.Duration(f.Time) * time.Millisecond
	return nil
}

// SendChunk sends a message with a chunk of a call's arguments after those before it.
func (d *Dispatcher) SendChunk(c *Call, data []byte) *helium.Error {
	by, _ := d.links.carrying(c)
	return by.Send(c.To.Endpoint, &batch.Message{Token: c.left.Token(), Method: c.To.Name, Data: data})
}

// AskForChunks sends a message about a call's result to the instance that has it, if anybody knows that.
// If it is gone the call fails as one that finds nobody.
func (d *Dispatcher) AskForChunks(c *Call, data []byte) *helium.Error {
	by, instance := d.links.carrying(c)
	if instance == "" {
		return nil
	}
	d.links.inFlight.show(c.seq, func(c *Call) { c.asks = true })
	return by.Control(c, instance, c.left.Token(), data)
}

// Forsake is Cancel for a call of which something travels in chunks, for which its instance keeps memory:
// that is canceled again if the instance says later that it has the call.
func (d *Dispatcher) Forsake(c *Call, instances []string, timeOver bool) {
	if service, seq := c.To.Endpoint.Service, c.seq; d.LeftByBus(c) {
		d.links.forsaken.keep(seq, func(instance string) { d.links.bus.cancelAt(service, instance, seq, timeOver) })
	}
	d.Cancel(c, instances, timeOver)
}

// carrying returns the link by which a call left, the bus if that is gone, which fails the call. The
// instance is the one that has it; "": nobody knows.
func (l *links) carrying(c *Call) (by Link, instance string) {
	instance = c.To.Endpoint.Instance
	carrier := l.bus.receiver.carrier
	l.inFlight.show(c.seq, func(c *Call) {
		if carrier = c.by; instance == "" && c.Instance != nil {
			instance = c.Instance.Name
		}
	})
	for _, r := range *l.others.Load() {
		if r.carrier == carrier {
			return r.link, instance
		}
	}
	return l.bus, instance
}

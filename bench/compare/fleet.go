package compare

import (
	"errors"
	"fmt"
	"time"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/bench/process"
)

// fleet is the processes of several peers. One measurement runs at a time; the others
// wait, which costs next to nothing.
type fleet struct {
	units    []*unit
	children []*process.Child // last first to close
}

// unit is the processes of one peer.
type unit struct {
	peer   string
	client *process.Child
	server *process.Child // nil where the client is the whole
	broker *process.Child // nil where there is none, or where the client is the whole
}

// start starts a child of the fleet.
func (f *fleet) start(setup process.Setup) (*process.Child, error) {
	child, err := process.Start(setup)
	if err != nil {
		return nil, err
	}
	f.children = append(f.children, child)
	return child, nil
}

// close ends all processes and adds to err what went wrong with that.
func (f *fleet) close(err *error) {
	for i := len(f.children) - 1; i >= 0; i-- {
		*err = errors.Join(*err, f.children[i].Close())
	}
}

// startSeparate starts a server and a client process for each peer, and a broker that
// all peers on the bus share.
func startSeparate(names []string) (_ *fleet, err error) {
	f := new(fleet)
	defer func() {
		if err != nil {
			f.close(&err)
		}
	}()
	var bus *process.Child
	for _, name := range names {
		peer, err := peers.ByName(name)
		if err != nil {
			return nil, err
		}
		if peer.OnBus() && bus == nil {
			if bus, err = f.start(process.Setup{Role: process.Broker}); err != nil {
				return nil, err
			}
		}
		u, err := f.startUnit(peer, bus)
		if err != nil {
			return nil, err
		}
		f.units = append(f.units, u)
	}
	return f, nil
}

// withStreams returns a fleet of the same processes, those of peers that have streams.
func (f *fleet) withStreams() *fleet {
	var some fleet
	for _, u := range f.units {
		if peers.HasStreams(u.peer) {
			some.units = append(some.units, u)
		}
	}
	return &some
}

// startUnit starts a peer's server and client.
func (f *fleet) startUnit(peer peers.Peer, bus *process.Child) (*unit, error) {
	setup := process.Setup{Role: process.Server, Peer: peer.Name()}
	u := &unit{peer: peer.Name()}
	if peer.OnBus() {
		u.broker, setup.Broker = bus, bus.Address
	}
	var err error
	if u.server, err = f.start(setup); err != nil {
		return nil, err
	}
	setup.Role, setup.Address = process.Client, u.server.Address
	if u.client, err = f.start(setup); err != nil {
		return nil, err
	}
	return u, nil
}

// startWholes starts one process for each peer.
func startWholes(names []string) (_ *fleet, err error) {
	f := new(fleet)
	defer func() {
		if err != nil {
			f.close(&err)
		}
	}()
	for _, name := range names {
		child, err := f.start(process.Setup{Role: process.Whole, Peer: name})
		if err != nil {
			return nil, err
		}
		f.units = append(f.units, &unit{peer: name, client: child})
	}
	return f, nil
}

// measurement is one round of one row.
type measurement struct {
	sample measure.Sample
	used   measure.Usage
}

// warmUp is how long a load runs before it is measured, as a part of the measurement:
// connections are opened, routes looked up, stacks grown.
const warmUp = 5

func (u *unit) closed(payload peers.Payload, inFlight int, d time.Duration) (measurement, error) {
	return u.measure(process.Command{Do: process.Closed, Payload: payload, InFlight: inFlight, Duration: d})
}

func (u *unit) open(payload peers.Payload, rate float64, d time.Duration) (measurement, error) {
	return u.measure(process.Command{Do: process.Open, Payload: payload, Rate: rate, Duration: d})
}

// measure runs a load for a while, and then again between two looks at what all
// processes have used.
func (u *unit) measure(command process.Command) (m measurement, err error) {
	short := command
	short.Duration /= warmUp
	if _, err := u.client.Ask(short); err != nil {
		return m, err
	}
	before, err := u.usage()
	if err != nil {
		return m, err
	}
	reply, err := u.client.Ask(command)
	if err != nil {
		return m, err
	}
	if reply.Sample == nil {
		return m, fmt.Errorf("bench: %s answered without a sample", u.client)
	}
	after, err := u.usage()
	if err != nil {
		return m, err
	}
	return measurement{*reply.Sample, after.Since(before)}, nil
}

// usage returns what the peer's processes have used: CPU time of all, allocations of
// all but the broker, bytes of the client.
func (u *unit) usage() (total measure.Usage, err error) {
	reply, err := u.client.Ask(process.Command{Do: process.Use})
	if err != nil {
		return total, err
	}
	total = *reply.Usage
	if u.server != nil {
		if reply, err = u.server.Ask(process.Command{Do: process.Use}); err != nil {
			return total, err
		}
		total.CPU += reply.Usage.CPU
		total.Mallocs += reply.Usage.Mallocs
	}
	if u.broker != nil {
		if reply, err = u.broker.Ask(process.Command{Do: process.Use}); err != nil {
			return total, err
		}
		total.CPU += reply.Usage.CPU
		total.Broker = reply.Usage.CPU
	}
	return total, nil
}

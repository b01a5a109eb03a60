package compare

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/bench/process"
	"github.com/helium-rpc/helium/bench/report"
)

// gone measures how long calls take to fail: of a fresh client while nobody serves, and
// of one whose server was killed.
func (config *Config) gone() (rows []report.Gone, err error) {
	for _, name := range config.Peers {
		config.say("gone: %s", name)
		row, err := goneRow(name)
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

const (
	kills      = 3 // servers of each peer
	laterCalls = 5 // that follow the first one after a server was killed
	meetings   = 5 // calls at most until server and client have met
)

func goneRow(name string) (row report.Gone, err error) {
	row.Peer = name
	peer, err := peers.ByName(name)
	if err != nil {
		return row, err
	}
	f := new(fleet)
	defer f.close(&err)
	var bus *process.Child
	var url string
	if peer.OnBus() {
		if bus, err = f.start(process.Setup{Role: process.Broker}); err != nil {
			return row, err
		}
		url = bus.Address
	}
	var fresh []float64
	for range 5 {
		took, err := freshFailure(peer, url)
		if err != nil {
			return row, err
		}
		fresh = append(fresh, float64(took))
	}
	row.Fresh = time.Duration(measure.Median(fresh))

	var first, later []float64
	for range kills {
		failures, err := f.killServer(peer, bus)
		if err != nil {
			return row, err
		}
		first = append(first, float64(failures[0].Took))
		for _, failure := range failures[1:] {
			later = append(later, float64(failure.Took))
		}
		row.Error = failures[laterCalls].Error
	}
	row.First = time.Duration(measure.Median(first))
	row.Worst = time.Duration(slices.Max(first))
	row.Later = time.Duration(measure.Median(later))
	return row, nil
}

// killServer starts a server and a client, kills the server once they have met, and
// returns how the next calls fail.
func (f *fleet) killServer(peer peers.Peer, bus *process.Child) ([]process.Failure, error) {
	u, err := f.startUnit(peer, bus)
	if err != nil {
		return nil, err
	}
	if err := meet(u.client); err != nil {
		return nil, err
	}
	u.server.Kill()
	reply, err := u.client.Ask(process.Command{Do: process.Fail, Payload: peers.Add, Count: 1 + laterCalls})
	return reply.Failures, err
}

// meet makes a call that is answered. The first may still go to a server that was killed
// before, if the broker hasn't noticed yet.
func meet(client *process.Child) error {
	for try := 1; ; try++ {
		reply, err := client.Ask(process.Command{Do: process.Fail, Payload: peers.Add, Count: 1})
		if err != nil {
			return err
		}
		switch text := reply.Failures[0].Error; {
		case text == "":
			return nil
		case try == meetings:
			return errors.New(text)
		}
	}
}

// freshFailure returns how long it takes from dialling to an error. Peers differ in
// which step it is that fails.
func freshFailure(peer peers.Peer, brokerURL string) (time.Duration, error) {
	nobody, err := closedAddress()
	if err != nil {
		return 0, err
	}
	at := peers.Loopback(nobody, brokerURL)
	ctx, cancel := context.WithTimeout(context.Background(), process.MaxFail)
	defer cancel()
	var dialled atomic.Pointer[peers.Client] // read while a call that hangs may still run
	failure := process.Failures(func() error {
		client, err := peer.Dial(ctx, at)
		if err != nil {
			return err
		}
		dialled.Store(&client)
		call, err := client.Caller(peers.Add)
		if err != nil {
			return err
		}
		return call()
	}, 1)[0]
	if client := dialled.Load(); client != nil {
		_ = (*client).Close() // it has never worked
	}
	return failure.Took, nil
}

// closedAddress returns an address of this machine at which nobody listens.
func closedAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

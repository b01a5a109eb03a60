package curves

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

const (
	// maxRecord lets a service have 1,000 methods; the default has room for some 700.
	maxRecord = 1 << 20
	// lease outlasts every measurement, so that no renewal disturbs one.
	lease = 10 * time.Minute
	// patience bounds starts and single calls.
	patience = time.Minute
)

// system is a broker and a binder in this process, and what was made in it.
type system struct {
	broker  *broker.Broker
	closers []func() // last first
}

func newSystem() (*system, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	b, err := broker.Start(ctx, broker.Config{})
	if err != nil {
		return nil, err
	}
	s := &system{broker: b}
	s.onClose(b.Close)
	if _, err := s.startBinder(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *system) onClose(f func()) { s.closers = append(s.closers, f) }

func (s *system) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

func (s *system) connect(name string) (*nats.Conn, error) {
	nc, err := s.broker.Connect(name)
	if err != nil {
		return nil, err
	}
	s.onClose(nc.Close)
	return nc, nil
}

func (s *system) startBinder(ctx context.Context) (*binder.Binder, error) {
	nc, err := s.connect("binder")
	if err != nil {
		return nil, err
	}
	b, err := binder.Start(ctx, nc, binder.Config{Memory: true, Lease: lease, MaxRecord: maxRecord})
	if err != nil {
		return nil, err
	}
	s.onClose(b.Close)
	return b, nil
}

// serve serves services from one instance with a connection of its own, and returns
// how long its start took.
func (s *system) serve(config rpcserver.Config, services ...rpcserver.Service) (time.Duration, error) {
	nc, err := s.connect("server")
	if err != nil {
		return 0, err
	}
	srv := rpcserver.New(nc, config)
	for _, service := range services {
		if err := srv.Handle(service); err != nil {
			return 0, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := time.Now()
	if err := srv.Start(ctx); err != nil {
		return 0, err
	}
	took := time.Since(began)
	s.onClose(func() {
		// What the measurement left running is cut.
		ended, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = srv.Shutdown(ended)
	})
	return took, nil
}

// client returns a client with a connection of its own.
func (s *system) client(config rpcclient.Config) (*rpcclient.Client, error) {
	nc, err := s.connect("client")
	if err != nil {
		return nil, err
	}
	return s.clientOn(nc, config)
}

func (s *system) clientOn(nc *nats.Conn, config rpcclient.Config) (*rpcclient.Client, error) {
	c, err := rpcclient.New(nc, config)
	if err != nil {
		return nil, err
	}
	s.onClose(func() { _ = c.Close() }) // only of one-way calls could it say anything
	return c, nil
}

// in runs a measurement in a system of its own.
func in[T any](measure func(*system) (T, error)) (result T, err error) {
	s, err := newSystem()
	if err != nil {
		return result, err
	}
	defer s.close()
	return measure(s)
}

// heap returns the bytes of heap that are in use once all garbage is gone, and once those
// are that go by themselves: what ended a moment ago is still on its way out.
func heap() float64 {
	const rest = 50 * time.Millisecond
	for last := math.Inf(1); ; time.Sleep(rest) {
		runtime.GC()
		runtime.GC() // what finalizers and pools let go of
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		now := float64(m.HeapAlloc)
		if now > last*0.99 {
			return now
		}
		last = now
	}
}

// each calls f for 0…n-1 and stops at the first error.
func each(n int, f func(i int) error) error {
	for i := range n {
		if err := f(i); err != nil {
			return fmt.Errorf("number %d: %w", i+1, err)
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

const (
	kiB = 1 << 10
	miB = 1 << 20
)

// timed returns how long f took.
func timed(f func() error) (time.Duration, error) {
	began := time.Now()
	err := f()
	return time.Since(began), err
}

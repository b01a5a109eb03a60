package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// system is a whole Helium in this process. Nothing of it listens on the network.
type system struct {
	broker   *broker.Broker
	registry *binder.Client // asks the binder
	servers  []*server
	client   *rpcclient.Client
	math     mathsvc.Service // the stub

	stops []func() error // what stop undoes, last first
}

// start starts broker, binder, two servers and a client.
func start(ctx context.Context, logger *slog.Logger) (_ *system, err error) {
	sys := new(system)
	defer func() {
		if err != nil {
			err = errors.Join(err, sys.stop())
		}
	}()
	if sys.broker, err = broker.Start(ctx, broker.Config{Logger: logger}); err != nil {
		return nil, err
	}
	sys.onStop(func() error { sys.broker.Close(); return nil }) // and every connection

	nc, err := sys.broker.Connect("binder")
	if err != nil {
		return nil, err
	}
	reg, err := binder.Start(ctx, nc, binder.Config{Logger: logger})
	if err != nil {
		return nil, err
	}
	sys.onStop(func() error { reg.Close(); return nil })

	for range 2 {
		if err := sys.serve(ctx, logger); err != nil {
			return nil, err
		}
	}

	if nc, err = sys.broker.Connect("client"); err != nil {
		return nil, err
	}
	if sys.registry, err = binder.NewClient(nc, ""); err != nil {
		return nil, err
	}
	if sys.client, err = rpcclient.New(nc, rpcclient.Config{Logger: logger}); err != nil {
		return nil, err
	}
	sys.onStop(sys.client.Close)
	sys.math = mathsvc.NewClient(sys.client)
	return sys, nil
}

// server is an instance of the service, and how many calls it ran.
type server struct {
	*rpcserver.Server
	ran atomic.Uint64
}

// serve starts one more instance, over a connection of its own.
func (sys *system) serve(ctx context.Context, logger *slog.Logger) error {
	nc, err := sys.broker.Connect("math-server")
	if err != nil {
		return err
	}
	s := new(server)
	s.Server = rpcserver.New(nc, rpcserver.Config{
		Version:      "1.0.0",
		Logger:       logger,
		Interceptors: []rpcserver.Interceptor{s.count},
	})
	if err := mathsvc.Register(s.Server, "math", mathsvc.New()); err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	sys.onStop(func() error { return s.Shutdown(context.WithoutCancel(ctx)) })
	sys.servers = append(sys.servers, s)
	return nil
}

// count is an interceptor: it wraps whatever runs a call.
func (s *server) count(next rpcserver.Handler) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		s.ran.Add(1)
		return next(ctx, call)
	}
}

func (sys *system) onStop(undo func() error) { sys.stops = append(sys.stops, undo) }

func (sys *system) stop() (err error) {
	for _, undo := range slices.Backward(sys.stops) {
		err = errors.Join(err, undo())
	}
	return err
}

package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
	"github.com/helium-rpc/helium/rpcserver/internal/monitor"
	"github.com/helium-rpc/helium/rpcserver/internal/presence"
)

// defaultStart bounds a Start whose context has no deadline.
const defaultStart = 10 * time.Second

// Start returns once the registered services can be called: it subscribes, then tells
// the binders. Without a binder it waits for one, until ctx ends or, if ctx has no
// deadline, for 10 s; the error then matches helium.ErrNoBinder. If a binder is being
// asked when ctx ends, Start waits a quarter of a second longer for what it wrote.
//
// What waiting can't mend is an error at once: what the connection's user isn't permitted,
// such as helium.ErrRegistryNotPermitted, subscriptions beyond the connection's limit
// (nats.ErrMaxSubscriptionsExceeded), and answers that aren't a binder's
// (helium.ErrNotBinder). A server that failed to start leaves nothing behind and can't be
// started again.
func (s *Server) Start(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultStart)
		defer cancel()
	}
	return s.start(ctx)
}

// Run starts the server, waiting for a binder as long as it takes, serves until ctx
// ends, and shuts down. It returns nil if no call was cut. If somebody closes the
// connection meanwhile, Run returns an error at once: nobody could be served any more.
func (s *Server) Run(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before it had started
		}
		return err
	}
	closed := s.nc.StatusChanged(nats.CLOSED)
	defer s.nc.RemoveStatusListener(closed)
	var lost error
	if s.nc.IsClosed() {
		lost = s.closed()
	} else {
		select {
		case <-ctx.Done():
		case <-s.life.ended: // somebody else called Shutdown
		case <-closed:
			lost = s.closed()
		}
	}
	return errors.Join(lost, s.Shutdown(context.WithoutCancel(ctx)))
}

// usable returns why the server can't be started as it is asked to.
func (s *Server) usable(ctx context.Context) error {
	if s.unmade() != nil {
		return s.unmade()
	}
	if ctx == nil {
		return errors.New("rpcserver: the context is nil; pass context.Background(), or one that ends when the server is to stop")
	}
	return nil
}

var errClosed = errors.New("rpcserver: the connection to NATS was closed under the server; close it after the server's Shutdown")

// closed returns why the connection is closed.
func (s *Server) closed() error {
	switch err := s.nc.LastError(); {
	case err == nil, errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrPermissionViolation):
		return errClosed
	default:
		return fmt.Errorf("rpcserver: the connection was closed for good, so the server has to be started anew on another one: %w", err)
	}
}

func (s *Server) start(ctx context.Context) error {
	if s.fault != nil {
		return s.fault
	}
	ctx, interrupt := context.WithCancel(ctx)
	defer interrupt()
	if err := s.life.begin(interrupt, s.prepare); err != nil {
		return err
	}
	err := s.open(ctx)
	if s.life.opened(err == nil) {
		return errStopped
	}
	if err != nil {
		// Nobody was told of the server yet, or its caller hears of the failure: a
		// moment for calls that came all the same is enough.
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), presence.ShortLeaveTime)
		defer cancel()
		return errors.Join(err, s.Shutdown(stop))
	}
	s.log.Info("serving", "services", s.names(), "instance", s.instance)
	return nil
}

// prepare brings the services into the form in which they are served; it is called while no
// more can be added.
func (s *Server) prepare() error {
	if len(s.services) == 0 {
		return errors.New("rpcserver: nothing to serve; call rpcserver.Register before Start")
	}
	now := time.Now()
	for _, svc := range s.services {
		svc.record.Started = now
	}
	return nil
}

// open makes the services callable.
func (s *Server) open(ctx context.Context) error {
	s.leases.Watch()
	s.bus.LearnLimits()
	records := s.records()
	targets := presence.NewTargets(s.subjects, s.instance, records)
	s.bus.Expect(targets.Places)
	s.receiver = s.newReceiver(s.bus, clocks.New(s.pulse, nil))
	s.receiver.tickets = &ticketGiver{s.direct.ticket, func(service string) string { return s.subjects.ServiceAt(service, s.instance) }}
	s.receiver.exports = s.exports
	s.thaws.Start(s.receiver.reader.clocks)
	go s.receiver.receive()
	s.refusals.Open(ctx) // first, so that it is known before a call comes
	if err := s.subscriptions.Open(ctx, targets); err != nil {
		return errorf("%w", err)
	}
	if err := s.direct.open(s.services); err != nil {
		return err
	}
	s.unwatchBeats = s.bus.WatchBeats(ctx, func(key string, sign uint64) { s.callers.missing(key, sign, time.Now()) })
	if err := s.leases.Register(ctx, records); err != nil {
		return errorf("%w", err)
	}
	s.leases.Start()
	if !s.config.NoMonitoring {
		s.monitor.Open(ctx, s.monitored())
	}
	return nil
}

func (s *Server) names() []string {
	names := make([]string, len(s.services))
	for i, svc := range s.services {
		names[i] = svc.name
	}
	return names
}

func (s *Server) records() []binder.Record {
	records := make([]binder.Record, len(s.services))
	for i, svc := range s.services {
		records[i] = svc.record
	}
	return records
}

// monitored returns what NATS's tools can ask about.
func (s *Server) monitored() []monitor.Service {
	services := make([]monitor.Service, len(s.services))
	for i, svc := range s.services {
		services[i] = monitor.Service{Record: svc.record, Figures: func() map[string]monitor.Figures { return svc.endpoints(&s.counters, s.load()) }}
	}
	return services
}

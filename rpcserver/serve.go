package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// defaultStart bounds a Start whose context has no deadline.
const defaultStart = 10 * time.Second

// Start returns once the registered services can be called: it subscribes, then tells
// the binders. Without a binder it waits for one, until ctx ends or, if ctx has no
// deadline, for 10 s; the error then matches binder.ErrNoBinder. A server that failed
// to start leaves nothing behind and can't be started again.
func (s *Server) Start(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultStart)
		defer cancel()
	}
	return s.start(ctx)
}

// Run starts the server, waiting for a binder as long as it takes, serves until ctx
// ends, and shuts down. It returns nil if no call was cut.
func (s *Server) Run(ctx context.Context) error {
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before it had started
		}
		return err
	}
	<-ctx.Done()
	return s.Shutdown(context.WithoutCancel(ctx))
}

func (s *Server) start(ctx context.Context) error {
	s.mu.Lock()
	switch {
	case s.fault != nil:
		s.mu.Unlock()
		return s.fault
	case s.phase == started:
		s.mu.Unlock()
		return errors.New("rpcserver: Start was called twice; one server starts once")
	case s.phase == stopped:
		s.mu.Unlock()
		return errors.New("rpcserver: the server was shut down; make a new one with rpcserver.New")
	case len(s.services) == 0:
		s.mu.Unlock()
		return errors.New("rpcserver: nothing to serve; call rpcserver.Register before Start")
	}
	s.phase = started
	now := time.Now()
	for _, svc := range s.services {
		svc.record.Started = now
	}
	leases := newLeases(s)
	s.leases = leases
	s.mu.Unlock()

	go s.receive()
	err := s.subscribe()
	if err == nil {
		err = leases.registerAll(ctx)
	}
	if err != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		return errors.Join(err, s.Shutdown(stop))
	}
	leases.start()
	s.log.Info("serving", "services", s.names(), "instance", s.instance)
	return nil
}

func (s *Server) names() []string {
	names := make([]string, len(s.services))
	for i, svc := range s.services {
		names[i] = svc.name
	}
	return names
}

// subscribe opens the server's subjects and waits until the NATS server knows them.
func (s *Server) subscribe() error {
	s.payload.Store(s.nc.MaxPayload())
	before := s.nc.LastError()
	for _, svc := range s.services {
		to := target{service: svc}
		at := s.subjects.At(s.instance, svc.name, "")
		s.targets[at] = to
		if !s.config.PerMethod {
			if err := s.join(s.subjects.Service(svc.name), wire.QueueGroup, to); err != nil {
				return err
			}
		}
		for name, m := range svc.methods {
			to := target{service: svc, method: m}
			s.targets[s.subjects.At(s.instance, svc.name, name)] = to
			if err := s.join(s.subjects.Call(svc.name, name), wire.QueueGroup, to); err != nil {
				return err
			}
		}
	}
	for _, subject := range []string{s.subjects.AtAll(s.instance), s.control} {
		if err := s.join(subject, "", target{}); err != nil {
			return err
		}
	}
	if err := s.nc.FlushTimeout(defaultStart); err != nil {
		return fmt.Errorf("rpcserver: the NATS server didn't confirm the subscriptions: %w", err)
	}
	if err := s.nc.LastError(); err != before && errors.Is(err, nats.ErrPermissionViolation) {
		return fmt.Errorf("rpcserver: this connection's user may not serve here; allow it to subscribe to %q, %q and %q: %w",
			s.subjects.Prefix()+".call.<service>.>", s.subjects.Prefix()+".at.>", s.subjects.Prefix()+".ctl.>", err)
	}
	return nil
}

// join subscribes to one subject. All subscriptions deliver to the same channel, so
// that messages are received in the order in which they came.
func (s *Server) join(subject, queue string, to target) error {
	if to.service != nil {
		s.targets[subject] = to
	}
	sub, err := s.nc.ChanQueueSubscribe(subject, queue, s.inbound)
	if err != nil {
		return fmt.Errorf("rpcserver: subscribing to %q: %w", subject, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs = append(s.subs, sub)
	return nil
}

// maxPayload returns the largest message that the connection takes, in bytes.
func (s *Server) maxPayload() int { return int(s.payload.Load()) }

// Shutdown stops the server so that no call is lost: it leaves the registry, takes no
// more calls, finishes those that it has, and flushes their answers. If ctx or
// Config.DrainTimeout ends first, the contexts of the calls that still run end, their
// callers get ErrCut, and the error says how many there were.
func (s *Server) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.DrainTimeout)
	defer cancel()
	s.mu.Lock()
	if s.phase != started {
		s.phase = stopped
		s.mu.Unlock()
		return nil
	}
	s.phase = stopped
	subs, leases := s.subs, s.leases
	s.mu.Unlock()

	leases.end(ctx)
	for _, sub := range subs {
		_ = sub.Drain() // fails only if the connection is closed, and then nothing comes
	}
	// Once the NATS server has answered, every message that it had sent before it
	// knew of the departure has arrived.
	if s.nc.IsConnected() {
		_ = s.nc.FlushWithContext(ctx)
	}
	s.inbound <- nil
	<-s.received

	cut := s.finishCalls(ctx)
	s.deadlines.Stop()
	s.pool.close()
	flushErr := s.flush()
	if cut > 0 {
		return fmt.Errorf("rpcserver: %d %s cut, as the time for shutting down was over; their callers were told", cut, plural(cut, "call"))
	}
	return flushErr
}

// finishCalls waits until no call is left, or until ctx ends, and returns how many
// calls it then cut.
func (s *Server) finishCalls(ctx context.Context) (cut int) {
	for s.active.Load() > 0 {
		select {
		case <-s.quiet:
		case <-ctx.Done():
			s.callers.each(func(call *Call) {
				cut++
				call.ctx.end(context.Canceled)
				err := *ErrCut
				err.Outcome, err.Instance = helium.Unknown, s.instance
				call.caller.answer(call, &err, 0)
			})
			return cut
		}
	}
	return 0
}

// flush sees the last answers off.
func (s *Server) flush() error {
	if s.nc.IsClosed() || !s.nc.IsConnected() {
		return nil // nobody is there to take them
	}
	if err := s.nc.FlushTimeout(2 * time.Second); err != nil {
		return fmt.Errorf("rpcserver: the last answers may not have left: %w", err)
	}
	return nil
}

package rpcserver

import (
	"context"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcserver/internal/presence"
)

// settleTime is how long answers may take to leave for their links: no longer than what a link gives callers that
// don't answer.
const settleTime = time.Second

// Shutdown stops the server so that no call is lost: it leaves the registry, takes no
// more calls, finishes those that it has, and flushes their answers. If ctx or
// Config.DrainTimeout ends first, the contexts of the calls that still run end, their
// callers get helium.ErrCut, and the error says how many there were. Calls that wait for their
// turn then don't run at all. Shutdown doesn't wait for the handlers of calls it cut, but
// past its context up to 5 s for a NATS server that doesn't answer: what that has sent
// before it knows of the departure would be lost. For callers by direct links that don't answer it
// waits a second.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.unmade() != nil {
		return nil // so nothing runs
	}
	if ctx == nil {
		ctx = context.Background() // Config.DrainTimeout is a bound, too
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.DrainTimeout)
	defer cancel()
	return s.life.end(ctx, s.stop)
}

// stop ends what Start has begun; open says whether that could be called.
func (s *Server) stop(ctx context.Context, open bool) error {
	grace := presence.LeaveTime
	if !open {
		grace = presence.ShortLeaveTime
	}
	late, cancel := presence.WithGrace(ctx, grace)
	defer cancel()
	s.leases.End(ctx)
	s.endStreams(ctx)
	s.monitor.Close()
	s.leaveLinks(late)
	received := make(chan struct{})
	_ = s.bus.Mark(context.Background(), func() { close(received) }) // fails only with its context
	<-received
	s.collecting.close()
	cut := 0
	if !s.runner.wait(ctx) { // meanwhile callers cancel calls, and ask for large results
		cut = s.runner.cut(s.pool.Drop, s.callers.each)
	}
	s.settle(late)
	s.subscriptions.LeaveControl()
	s.bus.Close()
	<-s.receiver.done
	s.thaws.Stop()
	s.deadlines.Stop()
	s.beats.Stop()
	if s.unwatchBeats != nil {
		s.unwatchBeats()
	}
	s.replays.close()
	s.pool.Close()
	s.direct.close()
	flushErr := s.flush(late)
	s.exports.Close()
	s.refusals.Close()
	s.subscriptions.StopWatching()
	switch {
	case cut > 0:
		return errorf("%d %s cut, as the time for shutting down was over; their callers were told", cut, plural(cut, "call"))
	case !open:
		return nil // nobody waits for answers but by accident
	}
	return flushErr
}

// settle has the last answers leave for their links, which end next: who answered a call returns while another
// goroutine may be sending what it has queued.
func (s *Server) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	s.callers.settle(ctx)
}

// leaveLinks has no more calls come by any link. It leaves all of them at the same time: who is slow to
// let it go by one mustn't have calls come by another meanwhile. Callers by direct links that are told so
// go on by the bus, and find others there.
func (s *Server) leaveLinks(ctx context.Context) {
	var left sync.WaitGroup
	left.Go(func() { s.direct.leave(ctx) })
	s.subscriptions.Leave(ctx)
	left.Wait()
}

// endStreams gives streams a moment to end, and ends the others: meanwhile no more begin here, and
// all else goes on, as their callers give credit.
func (s *Server) endStreams(ctx context.Context) {
	if s.streams.drain(ctx) {
		return
	}
	why := helium.ErrCut.WithMessage("instance %s is shutting down, and has ended its streams after %v; begin another one elsewhere", s.instance, streamGrace).WithOutcome(helium.Unknown)
	why.Instance = s.instance
	for _, call := range s.callers.followed() {
		s.runner.cutStream(call, why)
	}
}

// flush sees the last answers off.
func (s *Server) flush(ctx context.Context) error {
	if !s.nc.IsConnected() {
		return nil // nobody is there to take them
	}
	ctx, cancel := context.WithTimeout(ctx, presence.LeaveTime)
	defer cancel()
	if err := s.nc.FlushWithContext(ctx); err != nil {
		return errorf("the last answers may not have left: %w", err)
	}
	return nil
}

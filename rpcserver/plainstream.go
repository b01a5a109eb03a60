package rpcserver

import (
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/internal/wire"
)

// probeInterval is how often NATS is asked whether anybody takes the items of a plain request.
const probeInterval = 250 * time.Millisecond

// plainStream is the answerer of a plain request whose method returns a stream: each item is a message of its
// own, and one more ends them. Who sent the request gives no credit, so items leave at a certain pace.
type plainStream struct {
	*plainAnswer
	itemWraps
	way      *link.PlainStream
	caller   *caller
	counters *streamCounters
	stats    *methodStats
	items    plainItems // that came with the request
	pace     pace
	probed   time.Time
	sent     uint64 // items
}

// refusedStream is the answerer of a plain request whose stream doesn't begin: the error is its end.
type refusedStream struct{ *plainAnswer }

func (r refusedStream) send(_ *Call, err *helium.Error, _ time.Duration, _ []byte, _ bool) {
	way := r.link.(link.PlainStreamer)
	r.tell(err, func(body []byte, err *helium.Error) error {
		return way.RefuseStream(r.to, r.service, r.came, body, err)
	})
}

// belong implements owned.
func (s *plainStream) belong(to *caller) { s.caller = to }

func (s *plainStream) figures() *methodStats { return s.stats }

// begin implements lasting. The end of the stream waits for a connection, so that it arrives.
func (s *plainStream) begin(ctx *callContext[Call]) (stop func()) {
	return func() { s.way.Settle(ctx) }
}

// admit implements [lasting]: the arguments came with the request.
func (*plainStream) admit(*Call, *counters) *helium.Error { return nil }

// deliver implements [lasting].
func (*plainStream) deliver(*Call, *counters) *helium.Error { return nil }

// follow implements [follower]: nothing goes on from the caller's side.
func (*plainStream) follow(*wire.Frame) {}

func (s *plainStream) take(args codec.Reader, arguments int) error {
	err := s.items.take(args, arguments)
	s.counters.received.Add(uint64(s.items.left))
	s.stats.itemsReceived.Add(uint64(s.items.left))
	return err
}

func (s *plainStream) source() itemSource { return &s.items }

// put implements itemised.
func (s *plainStream) put(call *Call, nth int, item []byte, _ *codec.Writer) error {
	if s.json {
		text, err := transcode.JSON(item, call.method.signature.Yields)
		if err != nil {
			return helium.ErrBadResult.WithMessage("item %d of %s has no form in JSON: %w; ask with msgpack", nth, call.method, err)
		}
		item = text
	}
	if err := s.wait(call.ctx, len(item)); err != nil {
		return err
	}
	err := s.way.Item(s.sign(time.Now()), item)
	switch {
	case errors.Is(err, link.ErrTooLarge):
		return itemTooLarge(call, nth, len(item), s.limit())
	case err != nil:
		return helium.ErrDisconnected.WithMessage("item %d of %s can't be sent: %w", nth, call.method, err)
	}
	s.sent++
	s.counters.sent.Add(1)
	s.stats.itemsSent.Add(1)
	return nil
}

// wait waits until an item may leave, or the call's context ends.
func (s *plainStream) wait(ctx *callContext[Call], size int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d := s.pace.delay(size, time.Now())
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// sign returns that of the next item, if NATS is to tell whether it is taken; else 0.
func (s *plainStream) sign(now time.Time) uint64 {
	if now.Sub(s.probed) < probeInterval {
		return 0
	}
	s.probed = now
	s.caller.mu.Lock()
	defer s.caller.mu.Unlock()
	s.caller.absence.Beats()
	return s.caller.sign
}

func (s *plainStream) pack(*Call) (size int, err *helium.Error) { return 0, nil }

// send implements [answerer].
func (s *plainStream) send(_ *Call, err *helium.Error, _ time.Duration, _ []byte, _ bool) {
	if err == nil {
		_ = s.way.End(s.sent, nil, nil) // fails only if nobody hears anything any more
		return
	}
	s.tell(err, func(body []byte, err *helium.Error) error { return s.way.End(s.sent, body, err) })
}

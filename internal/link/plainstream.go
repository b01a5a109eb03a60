package link

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// PlainStreamer is a [PlainAnswerer] that answers with the items of streams, too.
type PlainStreamer interface {
	PlainAnswerer
	// StreamTo returns the way of items to who sent a request; nil: nobody would tell whether they are
	// taken there.
	StreamTo(to Caller) *PlainStream
	// RefuseStream is AnswerPlain for an error in place of a stream, whose end it is.
	RefuseStream(to Caller, service string, since time.Time, data []byte, fault *helium.Error) error
}

// PlainStream is the way of a stream's items to one who began it by a plain request. It ends with the connection
// to NATS, as what was under way there may be lost.
type PlainStream struct {
	bus        *ServerBus
	to         Caller
	reconnects uint64 // of the connection, when it began
}

// ErrReconnected is the error of a stream whose connection was lost meanwhile.
var ErrReconnected = errors.New("the connection to NATS was lost meanwhile")

// StreamTo implements [PlainStreamer].
func (b *ServerBus) StreamTo(to Caller) *PlainStream {
	if b.misses.replyFor(to, 0) == "" {
		return nil
	}
	b.watcher.Leaving(to.Address)
	return &PlainStream{bus: b, to: to, reconnects: b.nc.Stats().Reconnects}
}

// RefuseStream implements [PlainStreamer].
func (b *ServerBus) RefuseStream(to Caller, service string, since time.Time, data []byte, fault *helium.Error) error {
	return b.answerPlain(to, service, since, endOf(to, 0, data, fault))
}

// Item sends an item, which is a value. With a sign, which isn't 0, the link tells if nobody was there
// to take it, as it does of heartbeats.
func (s *PlainStream) Item(sign uint64, data []byte) error {
	if s.bus.nc.Stats().Reconnects != s.reconnects {
		return ErrReconnected
	}
	return s.publish(&nats.Msg{Subject: s.to.Address, Reply: s.reply(sign), Data: data})
}

func (s *PlainStream) reply(sign uint64) string {
	if sign == 0 {
		return ""
	}
	return s.bus.misses.replyFor(s.to, sign)
}

const (
	// connectedWithin bounds how long Settle waits, and connectedPoll how long it is until it looks again.
	connectedWithin = 10 * time.Second
	connectedPoll   = 20 * time.Millisecond
)

// Settle waits until the connection stands, or for as long as that is worth while: what is sent meanwhile is
// lost, and so would be the end of the stream.
func (s *PlainStream) Settle(ctx context.Context) {
	for limit := time.Now().Add(connectedWithin); !s.bus.nc.IsConnected() && !s.bus.nc.IsClosed() && time.Now().Before(limit); {
		timer := time.NewTimer(connectedPoll)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// End sends that the stream is over, after so many items: with an error, which data describe, unless fault is nil.
func (s *PlainStream) End(items uint64, data []byte, fault *helium.Error) error {
	return s.publish(endOf(s.to, items, data, fault))
}

// endOf returns the message that ends a stream.
func endOf(to Caller, items uint64, data []byte, fault *helium.Error) *nats.Msg {
	msg := &nats.Msg{Subject: to.Address, Header: nats.Header{}, Data: data}
	msg.Header.Set(wire.ItemsHeader, strconv.FormatUint(items, 10))
	setFault(msg.Header, fault)
	return msg
}

func (s *PlainStream) publish(msg *nats.Msg) error {
	if msg.Size() > s.bus.MaxMessage() {
		return ErrTooLarge
	}
	err := s.bus.nc.PublishMsg(msg)
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		s.bus.LearnLimits()
		return ErrTooLarge
	case err != nil:
		s.bus.counters.Lost.Add(1)
	}
	return err
}

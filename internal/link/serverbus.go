package link

import (
	"context"
	"errors"
	"maps"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// ServerBus is the bus as a server sees it: what it has subscribed to comes in, and answers
// are published to the reply subjects of those who called.
type ServerBus struct {
	nc       *nats.Conn
	instance string
	counters *ServerCounters
	watcher  AnswerWatcher

	inbound inbound
	places  map[string]Incoming // by subject; see Expect
	misses  misses
	largest atomic.Int64 // message that the connection takes, in bytes
}

// AnswerWatcher watches what becomes of answers on the bus: NATS refuses or drops them without
// a word to whoever publishes them.
type AnswerWatcher interface {
	// Meet is told of each reply subject of a message for a service, before anything is
	// published there. It reports whether NATS takes one message only there.
	Meet(service, reply string) (once bool)
	// Leaving is told of the reply subject of an answer to one who isn't a known caller.
	Leaving(reply string)
	// Late is told of a message of answers before it is published, so long after the message came
	// that it answers that NATS may take it no more: the nth one on the address of a caller, which
	// isn't used again. It returns the headers by which NATS tells what becomes of it; nil: none.
	Late(service string, to Caller, nth int, after time.Duration) nats.Header
	// Left is told of any other message of answers, once it is published: the nth one on the
	// address of a caller of a service, and whether it is the last.
	Left(service string, to Caller, nth int, last bool)
}

// lateAnswer is how long after its message an answer is late at least. NATS takes answers to requests
// for two minutes where nothing else is set, and doesn't say what is set.
const lateAnswer = time.Second

// NewServerBus returns the bus of a server. Messages come once its Inbound is subscribed with.
func NewServerBus(nc *nats.Conn, instance string, counters *ServerCounters, watcher AnswerWatcher) *ServerBus {
	b := &ServerBus{nc: nc, instance: instance, counters: counters, watcher: watcher}
	b.inbound.come, b.inbound.maxBytes = make(chan *nats.Msg, inboundMessages), math.MaxInt
	b.inbound.small = func(subject string) bool { return b.places[subject].Cancels }
	return b
}

// Inbound takes the messages of all subscriptions, so that they are received in the order in
// which they came.
func (b *ServerBus) Inbound() chan *nats.Msg { return b.inbound.come }

// Bound bounds what may wait to be received, in bytes. It is called before anything comes.
func (b *ServerBus) Bound(maxBytes int) { b.inbound.maxBytes = maxBytes }

// Expect says what comes to which subject: the Service, Method and Cancels of it. It is called
// before anything comes.
func (b *ServerBus) Expect(places map[string]Incoming) { b.places = places }

// Receive implements [Server].
func (b *ServerBus) Receive() (Incoming, bool) {
	for msg, tooMany := b.inbound.next(); msg != nil; msg, tooMany = b.inbound.next() {
		if reached := b.inbound.reached(msg); reached != nil {
			return Incoming{Reached: reached}, true
		}
		if msg.Reply != "" && !wire.AllowedReply(msg.Reply) {
			// Answering would let a caller make this server publish where only the
			// server may.
			b.counters.BadReplies.Add(1)
			continue
		}
		in := b.place(msg.Subject)
		in.Data, in.Where, in.TooMany = msg.Data, msg.Subject, tooMany
		if msg.Reply != "" {
			in.From = callerOn(msg.Reply)
			in.From.Once = b.watcher.Meet(in.Service, msg.Reply)
		}
		if !wire.IsMessage(msg.Data) {
			in.Plain, in.Timeout = b, msg.Header.Get(wire.TimeoutHeader)
		}
		return in, true
	}
	return Incoming{}, false
}

// Mark puts a mark in line behind all that has come, and waits for room. Receive returns it in
// its turn; it is lost if the bus is closed before. An error is that of the context.
func (b *ServerBus) Mark(ctx context.Context, reached func()) error {
	return b.inbound.mark(ctx, reached)
}

// place returns what a subject stands for. Below the instance's own subject of a service
// anything may be asked for, so that a caller whose knowledge is old hears so at once.
func (b *ServerBus) place(subject string) Incoming {
	if in, ok := b.places[subject]; ok {
		return in
	}
	for own, in := range b.places {
		if method, ok := strings.CutPrefix(subject, own+"."); ok && in.Method == "" && !in.Cancels {
			return Incoming{Service: in.Service, Method: method}
		}
	}
	return Incoming{}
}

// sharedInbox marks a reply subject whose last token is one of many of the same inbox:
// the answer to any may go to any other, so answers can share messages.
const sharedInbox = '+'

// callerOn returns whose reply subject it is. One that isn't shared is for one message.
func callerOn(reply string) Caller {
	if dot := strings.LastIndexByte(reply, '.'); dot >= 0 && dot+1 < len(reply) && reply[dot+1] == sharedInbox {
		return Caller{Key: reply[:dot+2], Address: reply}
	}
	return Caller{Key: reply, Address: reply, Ephemeral: true}
}

// CallerKey returns the key of the caller whose reply subject it is.
func CallerKey(reply string) string { return callerOn(reply).Key }

// Waiting implements [Server].
func (b *ServerBus) Waiting() bool { return b.inbound.waits() }

// MaxMessage implements [Server].
func (b *ServerBus) MaxMessage() int { return int(b.largest.Load()) }

// LearnLimits asks the connection how large a message may be. That changes when it connects
// to another NATS server, and isn't known before it has connected to one.
func (b *ServerBus) LearnLimits() {
	limit := b.nc.MaxPayload()
	if limit <= 0 {
		limit = wire.UsualPayload
	}
	b.largest.Store(limit)
}

// Answer implements [Server].
func (b *ServerBus) Answer(out *Outgoing) {
	reply, m := out.To.Address, out.Message
	b.counters.Replies.Add(uint64(m.Frames)) // first: who has an answer finds it counted
	b.counters.Messages.Add(1)
	if out.To.Ephemeral {
		b.watcher.Leaving(reply) // the caller is forgotten by now
	}
	header, late := b.lateHeader(out.To, out.Service, out.Nth, out.Since)
	switch err := b.publish(reply, header, m.Data); {
	case errors.Is(err, nats.ErrMaxPayload):
		b.answerOutgrown(out.To, m)
	case err != nil:
		b.counters.Lost.Add(uint64(m.Frames))
	}
	if out.Service != "" && !late {
		b.watcher.Left(out.Service, out.To, out.Nth, out.Last)
	}
}

// lateHeader returns the headers of an answer, and whether it is late.
func (b *ServerBus) lateHeader(to Caller, service string, nth int, since time.Time) (header nats.Header, late bool) {
	if since.IsZero() {
		return nil, false
	}
	after := time.Since(since)
	if after < lateAnswer {
		return nil, false
	}
	return b.watcher.Late(service, to, nth, after), true
}

func (b *ServerBus) publish(subject string, header nats.Header, data []byte) error {
	if header != nil {
		msg := &nats.Msg{Subject: subject, Header: header, Data: data}
		if msg.Size() <= b.MaxMessage() {
			return b.nc.PublishMsg(msg)
		}
	}
	return b.nc.Publish(subject, data)
}

// answerOutgrown sends the answers of a message that the NATS server has found too large.
func (b *ServerBus) answerOutgrown(to Caller, m *batch.Message) {
	b.LearnLimits()
	tooLarge := helium.ErrResultTooLarge.WithOutcome(helium.Executed)
	rest := helium.ErrUnfinished.WithOutcome(helium.Unknown)
	tooLarge.Instance, rest.Instance = b.instance, b.instance
	o := newOutgrown(m.Data, b.MaxMessage())
	var messages [][]byte
	if to.Once {
		messages = [][]byte{o.once(wire.AppendError(nil, tooLarge), wire.AppendError(nil, rest))}
	} else {
		messages = o.singly(wire.AppendError(nil, tooLarge))
	}
	b.counters.Messages.Add(uint64(len(messages) - 1)) // they were counted as one
	for _, data := range messages {
		if err := b.nc.Publish(to.Address, data); err != nil {
			b.counters.Lost.Add(max(1, uint64(m.Frames/len(messages))))
		}
	}
}

// AnswerPlain implements [PlainAnswerer]. Errors have headers as every NATS service's.
func (b *ServerBus) AnswerPlain(to Caller, service string, since time.Time, data []byte, fault *helium.Error) error {
	msg := &nats.Msg{Subject: to.Address, Data: data}
	if fault != nil {
		msg.Header = nats.Header{}
		setFault(msg.Header, fault)
	}
	return b.answerPlain(to, service, since, msg)
}

func (b *ServerBus) answerPlain(to Caller, service string, since time.Time, msg *nats.Msg) error {
	if msg.Size() > b.MaxMessage() {
		return ErrTooLarge
	}
	b.watcher.Leaving(to.Address)
	header, late := b.lateHeader(to, service, 1, since)
	if header != nil && msg.Header == nil {
		msg.Header = nats.Header{}
	}
	maps.Copy(msg.Header, header)
	switch err := b.nc.PublishMsg(msg); {
	case errors.Is(err, nats.ErrMaxPayload): // the connection has moved to another NATS server
		b.LearnLimits()
		return ErrTooLarge
	case err != nil:
		b.counters.Lost.Add(1)
	}
	if service != "" && !late {
		b.watcher.Left(service, to, 1, true)
	}
	return nil
}

// setFault sets the headers of an error, if there is one.
func setFault(header nats.Header, fault *helium.Error) {
	if fault != nil {
		header.Set(wire.ErrorHeader, wire.HeaderText(fault.Error()))
		header.Set(wire.ErrorCodeHeader, strconv.Itoa(wire.HTTPStatus(fault.Code)))
	}
}

// Beat implements [Server].
func (b *ServerBus) Beat(to Caller, sign uint64, data []byte) bool {
	reply := b.misses.replyFor(to, sign)
	if reply == "" {
		return b.nc.Publish(to.Address, data) == nil
	}
	return b.nc.PublishRequest(to.Address, reply, data) == nil
}

// WatchBeats has missing told of the keys of callers who weren't there to take a heartbeat, and of
// the signs of these, until the function that it returns is called. Where NATS doesn't permit that, nobody is told.
func (b *ServerBus) WatchBeats(ctx context.Context, missing func(key string, sign uint64)) (stop func()) {
	return b.misses.watch(ctx, b.nc, missing)
}

// Close implements [Server].
func (b *ServerBus) Close() { b.inbound.come <- nil }

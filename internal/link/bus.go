package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
)

// Events are what links tell and ask those who use them. Refused and Reconnected are required; no
// function may block.
type Events struct {
	// Refused is told of each subject that the connection may not publish to.
	Refused func(subject string)
	// Reconnected is told of each new connection to a server after the first.
	Reconnected func()
	// Registry says who may have a call. Nil: nobody is known, and no instance found silent.
	Registry Registry
	// Twice is told of each call that two instances of a service answered. May be nil.
	Twice func(first, second *Instance)
}

// bus is the link by NATS: it finds an instance of any service.
type bus struct {
	nc        *nats.Conn
	subjects  wire.Subjects
	log       *slog.Logger
	receiver  *Receiver
	asks      asks
	registry  Registry
	restarted func()      // told of each new connection to a server after the first
	inbox     string      // calls are answered at inbox.+<token>
	works     atomic.Bool // nc is connected, as far as it has said
	keepsLate bool        // nc keeps what is published while it is down, and sends it later
	payload   atomic.Int64
	epoch     atomic.Uint64 // counts the connections to a server that nc has had, from 1
	captured  sync.Once     // logs that a JetStream stream acknowledges calls
	undo      []func()      // what Close undoes, last first

	uncancelable uncancelable

	complained time.Time // of an answer, last; only receive reads and writes it
}

func newBus(nc *nats.Conn, subjects wire.Subjects, log *slog.Logger) *bus {
	b := &bus{nc: nc, subjects: subjects, log: log, inbox: wire.NewInbox(nc.Opts.InboxPrefix), keepsLate: nc.Opts.ReconnectBufSize >= 0, registry: noRegistry{}}
	b.payload.Store(nc.MaxPayload())
	b.epoch.Store(1)
	b.works.Store(true)
	return b
}

// open subscribes to answers, and to what also subscribes to. It watches the connection for
// as long as the bus is open.
func (b *bus) open(ctx context.Context, events Events, also func() error) error {
	b.watchRefusals(events.Refused)
	b.watchConnection(events.Reconnected)
	ours := func(subject string) bool { return subject == b.inbox+".*" }
	refusal, err := natsperm.Confirm(ctx, b.nc, ours, func() error {
		if err := b.subscribe(); err != nil {
			return err
		}
		return also()
	})
	switch {
	case errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded):
		return helium.ErrNotPermitted.WithMessage("the NATS server takes no more subscriptions of this connection, so the client couldn't receive answers; raise max_subscriptions, or the user's limit: %w", refusal)
	case refusal != nil:
		// Without its answers every call would wait for its deadline. Without what else is
		// subscribed to, which may be forbidden too, the client only learns more slowly.
		return helium.ErrNotPermitted.WithMessage("this connection's user may not receive answers; allow it to subscribe to %q: %w", b.inbox[:strings.LastIndexByte(b.inbox, '.')]+".>", refusal)
	}
	return err
}

func (b *bus) subscribe() error {
	replies, err := b.nc.Subscribe(b.inbox+".*", b.receive)
	if err != nil {
		return fmt.Errorf("subscribing to the client's inbox: %w", err)
	}
	b.undo = append(b.undo, func() { _ = replies.Unsubscribe() })
	// Answers may be large and come in bursts; dropping one would cost its caller
	// the whole timeout, and receive never waits.
	return replies.SetPendingLimits(-1, -1)
}

// watchConnection fails the calls in flight when the connection is lost, and takes stock when
// there is another one.
func (b *bus) watchConnection(reconnected func()) {
	status := b.nc.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.DISCONNECTED, nats.CLOSED)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := range status {
			b.works.Store(s == nats.CONNECTED)
			if s != nats.CONNECTED {
				b.receiver.Lost()
				continue
			}
			b.payload.Store(b.nc.MaxPayload())
			b.epoch.Add(1)
			b.uncancelable.forget()
			b.restarted()
			reconnected()
		}
	}()
	b.undo = append(b.undo, func() {
		b.nc.RemoveStatusListener(status) // closes the channel
		<-done
	})
}

// Close implements Link.
func (b *bus) Close() {
	for i := len(b.undo) - 1; i >= 0; i-- {
		b.undo[i]()
	}
}

// Reaches implements Link.
func (b *bus) Reaches(*Endpoint, string) bool { return true }

// Instance implements Link.
func (b *bus) Instance() string { return "" }

// Beat implements Link: the vigil watches over what left by the bus.
func (b *bus) Beat(busy, late bool) {}

// ready returns why the connection would take no message now.
func (b *bus) ready() *helium.Error {
	switch {
	case b.nc.IsClosed():
		return notSent(nats.ErrConnectionClosed)
	case !b.nc.IsConnected():
		return notSent(nats.ErrConnectionReconnecting)
	}
	return nil
}

// Send implements Link.
func (b *bus) Send(to *Endpoint, m *batch.Message) *helium.Error {
	subject := to.subject
	if m.Method != "" {
		subject = to.methodSubject(m.Method)
	}
	if b.keepsLate && !b.nc.IsConnected() {
		return notSent(nats.ErrConnectionReconnecting)
	}
	err := b.nc.PublishRequest(subject, b.replySubject(m.Token), m.Data)
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		b.payload.Store(b.nc.MaxPayload())
		for _, data := range oneWays(m.Data) {
			_ = b.nc.PublishRequest(subject, b.replySubject(0), data) // one that doesn't fit even so is lost
		}
		return ErrOutgrown
	case err != nil:
		return notSent(err)
	}
	return nil
}

// notSent explains why the connection didn't take a message. With Helium's connection
// rules nothing waits in a buffer, so nothing is sent late.
func notSent(err error) *helium.Error {
	var reason string
	switch {
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionReconnecting):
		reason = "the connection to NATS is down; it is opened again by itself"
	case errors.Is(err, nats.ErrConnectionClosed):
		reason = "the connection to NATS is closed; connect again and make a new client"
	case errors.Is(err, nats.ErrConnectionDraining):
		reason = "the connection to NATS is being drained; connect again and make a new client"
	case errors.Is(err, nats.ErrMaxPayload):
		return helium.ErrTooLarge.WithMessage("the NATS server takes no message of that size").WithOutcome(helium.NotExecuted)
	default:
		// The socket failed under the write; the server may have got all of it.
		return helium.ErrDisconnected.WithMessage("the connection to NATS failed while the call was being sent"+Unsettled+": %w", err).WithOutcome(helium.Unknown)
	}
	return helium.ErrNotSent.WithMessage("the call couldn't be sent: %s", reason).WithOutcome(helium.NotExecuted)
}

// ask asks an instance whether it is there, on one of its subjects; nil: that couldn't be sent.
func (b *bus) ask(i *Instance, subject string, hello []byte) *ask {
	one, number := b.asks.add(i, subject)
	if err := b.nc.PublishRequest(subject, b.replySubject(number), hello); err != nil {
		b.asks.drop(func(other *ask) bool { return other == one })
		return nil
	}
	return one
}

// echo returns once the NATS server has answered.
func (b *bus) echo(ctx context.Context) error { return b.nc.FlushWithContext(ctx) }

// noResponders is the status of what NATS sends back when nobody listens.
const noResponders = "503"

// receive handles a message at the client's inbox, on the subscription's own goroutine.
func (b *bus) receive(msg *nats.Msg) {
	token := tokenOf(msg.Subject)
	nobody := len(msg.Data) == 0 && msg.Header.Get("Status") == noResponders
	if one := b.asks.get(token); one != nil {
		if one.answer != nil {
			one.deliver(msg.Data, nobody)
		} else if nobody {
			one.is.Store(askNobody)
		} else {
			one.answered(msg.Data, b.receiver.instances.beat.Load())
		}
		return
	}
	if nobody {
		b.receiver.Nobody(token) // of no message: it was a cancel, and the instance is gone
		return
	}
	err := b.receiver.Receive(msg.Data, token)
	if err == nil {
		return
	}
	if stream := wire.CapturedBy(msg.Data); stream != "" {
		b.acknowledged(token, stream)
		return
	}
	if b.mayComplain(time.Now()) {
		b.log.Warn("an answer breaks the protocol; of those that do within a second only one is told", "subject", msg.Subject, "reason", err)
	}
}

// mayComplain reports whether no answer was complained of for a second: whoever may publish to the
// inbox could fill the log else.
func (b *bus) mayComplain(now time.Time) bool {
	if now.Sub(b.complained) < time.Second {
		return false
	}
	b.complained = now
	return true
}

// acknowledged takes note of a stream's acknowledgement of a message of calls. A JetStream
// stream whose subjects cover those of calls takes each message for one to keep, and
// acknowledges it at once. That is no answer, so calls wait for theirs, which an instance may
// be about to give; but where none listens, NATS doesn't say so any more, for the stream does.
// Then the deadline is the end of the call, and its error has to name the stream; see
// Call.Late. It is told once, as there is one acknowledgement for each message.
func (b *bus) acknowledged(token uint64, stream string) {
	isIn := b.receiver.leftIn(token)
	for _, seq := range b.receiver.manifests.of(token) {
		b.receiver.inFlight.show(seq, func(c *Call) {
			if isIn(c) {
				c.To.stream.Store(&stream)
			}
		})
	}
	b.captured.Do(func() {
		b.log.Warn("a JetStream stream captures calls and acknowledges them, so a call that nobody serves isn't told from one that takes long; take Helium's subjects out of the stream's", "stream", stream)
	})
}

// replySubject returns where a message's calls are answered. Its last token begins with
// "+": the answers to one message may come on the reply subject of another. The rest of it
// tells which message found nobody, as NATS doesn't say.
func (b *bus) replySubject(token uint64) string {
	subject := make([]byte, 0, len(b.inbox)+16)
	subject = append(subject, b.inbox...)
	subject = append(subject, ".+"...)
	return string(strconv.AppendUint(subject, token, 36))
}

// tokenOf returns the token that replySubject wrote; 0 if there is none.
func tokenOf(subject string) uint64 {
	_, number, ok := strings.Cut(subject[strings.LastIndexByte(subject, '.')+1:], "+")
	if !ok {
		return 0
	}
	token, err := strconv.ParseUint(number, 36, 64)
	if err != nil {
		return 0
	}
	return token
}

// denials returns what fails the calls that NATS refuses.
func (b *bus) denials() *denials { return &denials{b.receiver, b.subjects, &b.epoch} }

// watchRefusals hears of what NATS refuses the connection, which concerns others too.
func (b *bus) watchRefusals(others func(subject string)) {
	denials := b.denials()
	watch := natsperm.Listen(b.nc, func(refusal error) bool {
		if subject, ok := natsperm.Publish(refusal); ok {
			others(subject)
			if b.subjects.IsControl(subject) {
				b.uncancelable.refused(subject)
			}
			denials.refused(subject)
			return b.asks.refused(subject)
		}
		return false
	})
	b.undo = append(b.undo, watch.Stop)
}

// Received implements Link: the subject that the call left on is permitted.
func (b *bus) Received(c *Call) {
	if !c.isReceived() { // else that is known
		b.permitted(c)
	}
}

// Answered implements Link, as Received does.
func (b *bus) Answered(c *Call, _ *helium.Error) { b.permitted(c) }

// permitted takes note that an instance got a call.
func (b *bus) permitted(c *Call) {
	epoch := b.epoch.Load()
	switch b.receiver.sent.how(c.left.In()) {
	case together:
		c.target().Endpoint.permission.permit(epoch)
	case alone:
		c.target().permission.permit(epoch)
	}
}

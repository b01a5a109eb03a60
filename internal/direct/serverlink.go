package direct

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// rightTime is how long a ticket lets its owner call, and another one then further.
	rightTime = 90 * time.Second
	// maxServices is how many services a connection may be for.
	maxServices = 1024
	// maxMethods is how many names of methods a connection keeps.
	maxMethods = 1024
)

// served is a service that a caller may call by a connection.
type served struct {
	name  string
	where string      // the place, as people know it
	until time.Time   // guarded by the link's mu
	over  atomic.Bool // the right has ended
}

// serverLink is a connection as its server has it; see link.Server. It is one caller's.
type serverLink struct {
	*conn
	counters *link.ServerCounters
	stats    *ServerStats
	key      string // the caller's
	peer     wire.Fingerprint
	largest  func() int
	use      func(wire.TicketID) (grant, bool)
	denied   func(error) // told why a further ticket wasn't taken
	ended    func(error) // told once why the connection ended

	shut     atomic.Bool   // no more calls are taken
	taking   atomic.Bool   // calls were received, and whoever receives hasn't asked for more since
	restOnce sync.Once     // closes rests
	rests    chan struct{} // closed when no calls are taken any more, some time after they are shut out

	over    atomic.Bool // nothing more is received
	byeOnce sync.Once
	bye     chan struct{} // closed when the caller has said goodbye, or the connection has ended

	mu       sync.Mutex
	services []*served // guarded by mu; by their numbers, from 1

	// Of the goroutine that receives:
	frame   frame
	known   []*served // as services
	methods map[string]string
	marks   map[uint64]func() // by the number of their ping
	marked  uint64

	probing probing // of Probe, which is called by one goroutine at a time
}

// noMark numbers pings that only ask for a sign.
const noMark = 0

var (
	_ link.Server = (*serverLink)(nil)
	_ link.Prober = (*serverLink)(nil)
)

// take lets the caller call a service, for as long as a ticket says, and returns its number; 0 if there are
// too many.
func (l *serverLink) take(g *grant) uint16 {
	until := g.given.Add(rightTime)
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.services {
		if s.name == g.service {
			if until.After(s.until) {
				s.until = until
			}
			s.over.Store(false)
			return uint16(i + 1)
		}
	}
	if len(l.services) == maxServices {
		return 0
	}
	l.services = append(l.services, &served{name: g.service, where: "the direct link of service " + g.service, until: until})
	return uint16(len(l.services))
}

// review ends rights whose time is over, or with renew gives all of them more: while this server
// can't be asked for tickets.
func (l *serverLink) review(now time.Time, renew bool) {
	var over []uint16
	l.mu.Lock()
	for i, s := range l.services {
		switch {
		case s.over.Load():
		case renew:
			s.until = now.Add(rightTime)
		case now.After(s.until):
			s.over.Store(true)
			over = append(over, uint16(i+1))
		}
	}
	l.mu.Unlock()
	for _, number := range over {
		_ = l.write(&frame{kind: kindOver, service: number}, nil) // if it fails, the connection ends
	}
}

// service returns a service by its number; nil: the caller hasn't got that far.
func (l *serverLink) service(number uint16) *served {
	if int(number) > len(l.known) {
		l.mu.Lock()
		l.known = append([]*served(nil), l.services...)
		l.mu.Unlock()
	}
	if number == 0 || int(number) > len(l.known) {
		return nil
	}
	return l.known[number-1]
}

// method returns a method's name, the same one each time.
func (l *serverLink) method(name []byte) string {
	if len(name) == 0 {
		return ""
	}
	if known, ok := l.methods[string(name)]; ok {
		return known
	}
	text := string(name)
	if len(l.methods) < maxMethods {
		if l.methods == nil {
			l.methods = make(map[string]string)
		}
		l.methods[text] = text
	}
	return text
}

var errNoService = errors.New("a message names a service for which no ticket was given")

// errRightOver is the error of messages for a service that their caller may not call any more, as
// far as this server was told.
var errRightOver = helium.ErrNotSent.WithMessage("the right to call the service by this direct link wasn't renewed").WithOutcome(helium.NotExecuted)

// errStopping is the error of messages from callers that go on after all have said goodbye.
var errStopping = helium.ErrNotSent.WithMessage("the server stops").WithOutcome(helium.NotExecuted)

// refusal returns why no calls of a service are taken; nil: they are.
func (l *serverLink) refusal(s *served) *helium.Error {
	switch {
	case l.shut.Load():
		return errStopping
	case s.over.Load():
		return errRightOver
	}
	return nil
}

// Receive implements link.Server. What is none of the server's business is a mark at which nothing
// is to be done: who receives lets its answers go before it waits for more.
func (l *serverLink) Receive() (link.Incoming, bool) {
	l.rest()
	f := &l.frame
	err := l.reader.next(f)
	if err != nil && l.over.Load() {
		return link.Incoming{}, false // what is written meanwhile has to leave
	}
	if err == nil {
		switch f.kind {
		case kindCalls, kindCancels:
			if s := l.service(f.service); s != nil {
				return l.incoming(s, f), true
			}
			err = errNoService
		case kindPing:
			err = l.write(&frame{kind: kindPong, token: f.token}, nil)
		case kindPong:
			if reached := l.marks[f.token]; reached != nil {
				delete(l.marks, f.token)
				return link.Incoming{Reached: reached}, true
			}
		case kindProof:
			err = l.further(f)
		case kindGoodbye:
			l.sayBye()
		}
	}
	if err != nil {
		l.end(err)
		return link.Incoming{}, false
	}
	return link.Incoming{Reached: func() {}}, true
}

// incoming returns a message for a service.
func (l *serverLink) incoming(s *served, f *frame) link.Incoming {
	in := link.Incoming{
		Data: f.message, From: link.Caller{Key: l.key, Token: f.token},
		Service: s.name, Method: l.method(f.method), Cancels: f.kind == kindCancels, Where: s.where,
	}
	if f.kind == kindCalls {
		l.taking.Store(true) // first, see shutOut
		in.Refusal = l.refusal(s)
	}
	return in
}

// rest takes note that whoever receives has taken all calls that were received.
func (l *serverLink) rest() {
	if l.taking.Load() {
		l.taking.Store(false)
	}
	if l.shut.Load() {
		l.restOnce.Do(func() { close(l.rests) })
	}
}

// shutOut has all further calls refused, and returns once those that were received are taken. Who
// receives never waits with them in hand.
func (l *serverLink) shutOut() {
	if l.shut.Store(true); l.taking.Load() {
		<-l.rests
	}
}

// further takes a further ticket, or one for a service that it is for already.
func (l *serverLink) further(f *frame) error {
	taken := frame{kind: kindTaken, id: f.id}
	g, ok := l.use(f.id)
	proof := l.session.prove(&f.id, &g.secret)
	switch {
	case !ok:
		l.denied(errUnknownTicket)
	case g.client != l.peer:
		l.denied(errWrongKey)
	case !proof.is(f.proof[:]):
		l.denied(errWrongProof)
	default:
		taken.service = l.take(&g)
	}
	return l.write(&taken, nil)
}

// Waiting implements link.Server.
func (l *serverLink) Waiting() bool { return l.reader.waits() }

// MaxMessage implements link.Server: what fits the bus fits here.
func (l *serverLink) MaxMessage() int { return l.largest() }

// Answer implements link.Server.
func (l *serverLink) Answer(out *link.Outgoing) {
	m := out.Message
	l.counters.Replies.Add(uint64(m.Frames))
	l.counters.Messages.Add(1)
	l.stats.Answers.Add(uint64(m.Frames))
	f := frame{kind: kindAnswers, token: out.To.Token}
	if l.writeMessage(&f, m) != nil {
		l.counters.Lost.Add(uint64(m.Frames))
	}
}

// Beat implements link.Server: pings say whether both ends are there, see Probe.
func (l *serverLink) Beat(link.Caller, uint64, []byte) bool { return false }

// Probe implements link.Prober: a caller from whom nothing comes is asked for a sign, and if none comes
// the connection ends.
func (l *serverLink) Probe(late bool) {
	switch ask, gone := l.probing.beat(l.heard.Load(), l.written(), late); {
	case gone:
		l.close() // which who receives finds out
	case ask:
		_ = l.write(&frame{kind: kindPing, token: noMark}, nil) // if it fails, the connection ends
	}
}

// Mark has reached received behind all that the caller has sent by now. It belongs to the
// goroutine that receives, and reached is lost if the connection ends before.
func (l *serverLink) Mark(reached func()) {
	if l.marks == nil {
		l.marks = make(map[uint64]func())
	}
	l.marked++
	l.marks[l.marked] = reached
	_ = l.write(&frame{kind: kindPing, token: l.marked}, nil) // if it fails, the connection ends
}

// Close implements link.Server.
func (l *serverLink) Close() { l.close() }

func (l *serverLink) sayBye() { l.byeOnce.Do(func() { close(l.bye) }) }

// finish has nothing more received. What the server still has to say leaves before the connection
// ends.
func (l *serverLink) finish() {
	l.over.Store(true)
	l.within(0)
}

// end ends the connection and tells why.
func (l *serverLink) end(err error) {
	l.close()
	l.sayBye()
	l.ended(err)
}

// isRegular reports whether a connection that ends so simply was closed, or broke.
func isRegular(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &op)
}

// wentAway reports whether the other end closed a connection, or it broke.
func wentAway(err error) bool { return isRegular(err) && !errors.Is(err, os.ErrDeadlineExceeded) }

// keyOf returns the key of the caller by a connection: none by the bus has such a one.
func keyOf(number uint64) string { return fmt.Sprint("direct.", strconv.FormatUint(number, 36)) }

package rpcclient_test

import (
	"encoding/json"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// readCalls tells the numbers of the calls in a message.
func readCalls(message []byte, is func(seq uint64)) error {
	frames, err := wire.ReadMessage(message)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err == nil && f.Kind == wire.KindCall {
			is(f.Seq)
		}
	}
	return err
}

// fakeServer is a bare connection that takes the calls of "fake.do", whose result is an
// int, and answers as a test says.
type fakeServer struct {
	nc    *nats.Conn
	calls chan fakeCall
}

// fakeCall is one call as it came over the wire.
type fakeCall struct {
	seq   uint64
	reply string
}

func newFakeServer(t testing.TB, env *heliumtest.Env, idempotent bool) *fakeServer {
	t.Helper()
	s := &fakeServer{nc: env.Conn("fake-server"), calls: make(chan fakeCall, 100_000)}
	subscribe(t, s.nc, "helium.call.fake.do", func(m *nats.Msg) {
		_ = readCalls(m.Data, func(seq uint64) { s.calls <- fakeCall{seq, m.Reply} })
	})
	s.register(t, "i1", idempotent)
	return s
}

// register registers an instance, which is the same connection.
func (s *fakeServer) register(t testing.TB, instance string, idempotent bool) {
	t.Helper()
	s.registerAs(t, instance, binder.Method{Name: "do", Signature: "do() int64", Idempotent: idempotent})
}

// registerAs registers one with another method.
func (s *fakeServer) registerAs(t testing.TB, instance string, method binder.Method) {
	t.Helper()
	registry, err := binder.NewClient(s.nc, "")
	if err != nil {
		t.Fatal(err)
	}
	record := binder.Record{Service: "fake", Instance: instance, Methods: []binder.Method{method}}
	if _, err := registry.Register(t.Context(), record); err != nil {
		t.Fatal(err)
	}
}

// send publishes one frame.
func (s *fakeServer) send(t testing.TB, reply string, f wire.Frame) {
	t.Helper()
	if err := s.nc.Publish(reply, wire.AppendFrame(wire.AppendMessageHeader(nil), &f)); err != nil {
		t.Error(err)
	}
}

func (s *fakeServer) answer(t testing.TB, call fakeCall, result int64) {
	t.Helper()
	s.send(t, call.reply, wire.Frame{Kind: wire.KindReply, Seq: call.seq, Body: msgpack.AppendInt(nil, result)})
}

func (s *fakeServer) fail(t testing.TB, call fakeCall, e *helium.Error) {
	t.Helper()
	s.send(t, call.reply, wire.Frame{Kind: wire.KindError, Seq: call.seq, Body: wire.AppendError(nil, e)})
}

// fakeBinder answers lookups of the service "late", when a test lets it.
type fakeBinder struct {
	asked  chan string
	answer chan struct{} // closed or fed: one lookup is answered
}

// wasAsked reports whether a lookup has come that no test has seen yet.
func (b *fakeBinder) wasAsked() bool {
	select {
	case <-b.asked:
		return true
	default:
		return false
	}
}

// newFakeBinder replaces the env's binder.
func newFakeBinder(t testing.TB, env *heliumtest.Env) *fakeBinder {
	t.Helper()
	env.Binder.Close()
	b := &fakeBinder{asked: make(chan string, 100), answer: make(chan struct{})}
	nc, over := env.Conn("fake-binder"), t.Context()
	subscribe(t, nc, "helium.binder.lookup.>", func(m *nats.Msg) {
		b.asked <- m.Subject
		select {
		case <-b.answer:
		case <-over.Done():
			return
		}
		entry := binder.Entry{Service: "late", Revision: 1, Records: []binder.Record{{
			Service: "late", Instance: "i1", Methods: []binder.Method{{Name: "do", Signature: "do() int64"}},
		}}}
		data, err := json.Marshal(entry)
		if err == nil {
			err = m.Respond(data)
		}
		if err != nil {
			t.Error(err)
		}
	})
	subscribe(t, nc, "helium.call.late.do", func(m *nats.Msg) {
		frames, err := wire.ReadMessage(m.Data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil && f.Kind == wire.KindCall {
				f = wire.Frame{Kind: wire.KindReply, Seq: f.Seq, Body: msgpack.AppendInt(nil, 7)}
				err = m.Respond(wire.AppendFrame(wire.AppendMessageHeader(nil), &f))
			}
		}
		if err != nil {
			t.Error(err)
		}
	})
	return b
}

// cable is a TCP connection to a broker that a test can cut and mend.
type cable struct {
	listener net.Listener
	to       string
	copies   sync.WaitGroup

	mu    sync.Mutex
	isCut bool       // guarded by mu
	conns []net.Conn // guarded by mu
}

// newCable returns a cable to a broker and the URL of its other end.
func newCable(t testing.TB, to string) (c *cable, url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c = &cable{listener: listener, to: to}
	c.copies.Go(c.run)
	t.Cleanup(func() {
		listener.Close()
		c.cut()
		c.copies.Wait()
	})
	return c, "nats://" + listener.Addr().String()
}

func (c *cable) run() {
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.DialTimeout("tcp", c.to, 5*time.Second)
		c.mu.Lock()
		if err != nil || c.isCut {
			near.Close()
			if far != nil {
				far.Close()
			}
			c.mu.Unlock()
			continue
		}
		c.conns = append(c.conns, near, far)
		c.mu.Unlock()
		c.copies.Go(func() { pipe(near, far) })
		c.copies.Go(func() { pipe(far, near) })
	}
}

// pipe copies until either end is closed, and closes both.
func pipe(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			return
		}
	}
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = true
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = false
}

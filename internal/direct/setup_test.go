package direct

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// patience bounds what is expected to happen soon; only a failing test waits for it.
const patience = time.Minute

var quiet = slog.New(slog.DiscardHandler)

// server is a listener whose callers get each message back.
type server struct {
	*Listener
	counters link.ServerCounters

	mu   sync.Mutex
	came []link.Incoming // guarded by mu
	gone []string        // guarded by mu
}

// listen listens at some addresses until the test ends.
func listen(t testing.TB, addresses string) *server {
	t.Helper()
	return listenAs(t, addresses, func(*ListenConfig) {})
}

// listenAs is listen with what else is to be configured.
func listenAs(t testing.TB, addresses string, configure func(*ListenConfig)) *server {
	t.Helper()
	at, err := ParseAddresses(addresses)
	if err != nil {
		t.Fatal(err)
	}
	s := new(server)
	config := ListenConfig{
		Listen: at, Host: func() string { return "192.0.2.7" }, Instance: wire.NewInstance(), Log: quiet, Counters: &s.counters,
		MaxMessage: func() int { return wire.UsualPayload }, Reachable: func(context.Context) bool { return true }, Serve: s.echo, Gone: s.left,
	}
	configure(&config)
	s.Listener, err = Listen(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func (s *server) echo(by link.Server) {
	for in, ok := by.Receive(); ok; in, ok = by.Receive() {
		if in.Reached != nil {
			in.Reached()
			continue
		}
		s.mu.Lock()
		s.came = append(s.came, in)
		s.mu.Unlock()
		if !in.Cancels && in.Refusal == nil {
			by.Answer(&link.Outgoing{To: in.From, Message: &batch.Message{Data: in.Data, Frames: 1}})
		}
	}
}

func (s *server) left(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, key)
}

// all returns what has come.
func (s *server) received() []link.Incoming {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]link.Incoming(nil), s.came...)
}

// caller is who dials servers.
type caller struct{ dialer }

func newCaller(t testing.TB) *caller {
	t.Helper()
	identity, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return &caller{dialer{identity, func() bool { return false }}}
}

// ticket gets a ticket for a service.
func (c *caller) ticket(s *server, service string) *wire.Ticket {
	return s.Ticket(service, c.identity.Fingerprint)
}

// meet opens a connection for the service "math" within this program, until the test ends.
func meet(t testing.TB, s *server) *clientLink {
	t.Helper()
	c := newCaller(t)
	ticket := c.ticket(s, "math")
	opened, _, err := c.dialer.dial(t.Context(), s.config.Instance, ticket)
	if err != nil {
		t.Fatal(err)
	}
	return linkOf(t, opened, ticket)
}

// dial opens a connection by a ticket at an address of a server, until the test ends.
func (c *caller) dial(t testing.TB, address string, ticket *wire.Ticket) *clientLink {
	t.Helper()
	opened, err := c.try(context.Background(), address, ticket)
	if err != nil {
		t.Fatalf("dialing %s: %v", address, err)
	}
	return linkOf(t, opened, ticket)
}

// linkOf returns the link of a connection that a server has opened, until the test ends.
func linkOf(t testing.TB, opened *conn, ticket *wire.Ticket) *clientLink {
	t.Helper()
	t.Cleanup(opened.close)
	l := &clientLink{conn: opened}
	if _, err := l.firstTaken(ticket.ID); err != nil {
		t.Fatal(err)
	}
	l.unlimited()
	return l
}

// say sends a message for service 1 and wants it back.
func (l *clientLink) say(t testing.TB, token uint64, message string) {
	t.Helper()
	if err := l.write(&frame{kind: kindCalls, service: 1, token: token, method: []byte("add")}, []byte(message)); err != nil {
		t.Fatal(err)
	}
	if f := l.hear(t); f.kind != kindAnswers || f.token != token || string(f.message) != message {
		t.Errorf("got kind %d, token %d, %d bytes, want the same message back", f.kind, f.token, len(f.message))
	}
}

// hear returns the next frame.
func (l *clientLink) hear(t testing.TB) frame {
	t.Helper()
	l.within(patience)
	var f frame
	if err := l.reader.next(&f); err != nil {
		t.Fatalf("reading: %v", err)
	}
	return f
}

// ends wants the connection to end.
func ends(t testing.TB, what string, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	for b := make([]byte, 1024); ; {
		_, err := conn.Read(b)
		if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
			t.Errorf("%s: the connection is still open after %v, want its end", what, patience)
			return
		} else if err != nil {
			return
		}
	}
}

// eventually polls a condition that says what is wrong, until nothing is.
func eventually(t testing.TB, what string, wrong func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := wrong()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("want %s; got, still after %v: %v", what, patience, err)
		}
	}
}

// counts waits until a counter has a value.
func counts(t testing.TB, what string, load func() uint64, want uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d %s", want, what), func() error {
		if got := load(); got != want {
			return fmt.Errorf("%d", got)
		}
		return nil
	})
}

// lines takes what is logged.
type lines struct{ all []string }

func (l *lines) Write(b []byte) (int, error) {
	l.all = append(l.all, string(b))
	return len(b), nil
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

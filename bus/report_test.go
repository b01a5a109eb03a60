package bus_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
)

func TestABrokersRestartIsLoggedOnceEachAndNothingIsSentLate(t *testing.T) {
	t.Parallel()
	address := loopback.UnusedAddress(t)
	b := startBroker(t, broker.Config{Listen: address})
	logger, log := newLog()
	attempts := make(chan struct{}, 1000)
	nc := connect(t, bus.Config{URL: b.URL(), Name: "math-server", Logger: logger, Options: []nats.Option{
		nats.ReconnectErrHandler(func(*nats.Conn, error) { attempts <- struct{}{} }),
	}})
	received := make(chan string, 10)
	if _, err := nc.Subscribe("news", func(m *nats.Msg) { received <- string(m.Data) }); err != nil {
		t.Fatal(err)
	}

	b.Close()
	within(t, "a disconnected client", func() bool { return !nc.IsConnected() })
	if err := nc.Publish("news", []byte("late")); !errors.Is(err, nats.ErrReconnectBufExceeded) {
		t.Errorf("got %v from a publish while disconnected, want nats.ErrReconnectBufExceeded", err)
	}
	for i := range 3 { // they fail, and none is logged
		select {
		case <-attempts:
		case <-time.After(patience):
			t.Fatalf("got %d attempts to reconnect, want 3", i)
		}
	}

	startBroker(t, broker.Config{Listen: address})
	within(t, "a connected client", nc.IsConnected)
	if err := nc.Publish("news", []byte("fresh")); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-received:
		if got != "fresh" {
			t.Errorf("got %q first, want fresh", got)
		}
	case <-time.After(patience):
		t.Error("got nothing, want fresh: the subscription is gone")
	}
	within(t, "a line for the reconnect", func() bool { return log.count("connected to NATS again") > 0 })
	if lost, again := log.count("lost the NATS server"), log.count("connected to NATS again"); lost != 1 || again != 1 {
		t.Errorf("got %d lines for the loss and %d for the return, want 1 and 1:\n%s", lost, again, log)
	}
	if !strings.Contains(log.String(), "math-server") {
		t.Errorf("got the log\n%swant the connection's name in it", log)
	}
}

func TestClosingAConnectionIsNoNews(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	logger, log := newLog()
	closed := make(chan struct{})
	nc := connect(t, bus.Config{URL: b.URL(), Logger: logger})
	report := nc.ClosedHandler()
	nc.SetClosedHandler(func(nc *nats.Conn) { report(nc); close(closed) })
	nc.Close()
	<-closed
	if got := log.String(); got != "" {
		t.Errorf("got the log %q, want none", got)
	}
}

func TestItReconnectsEvenAfterTheServerRefusedItTwice(t *testing.T) {
	t.Parallel()
	user := func(password string) []broker.User { return []broker.User{{Name: "alice", Password: password}} }
	address := loopback.UnusedAddress(t)
	b := startBroker(t, broker.Config{Listen: address, Users: user("pw")})
	logger, log := newLog()
	nc := connect(t, bus.Config{URL: b.URL(), User: "alice", Password: "pw", Logger: logger})
	refusals := make(chan struct{}, 100)
	report := nc.ErrorHandler()
	nc.SetErrorHandler(func(nc *nats.Conn, sub *nats.Subscription, err error) {
		report(nc, sub, err)
		if errors.Is(err, nats.ErrAuthorization) {
			refusals <- struct{}{}
		}
	})
	began := time.Now()
	b.Close()
	other := startBroker(t, broker.Config{Listen: address, Users: user("other")})
	for i := range 3 {
		select {
		case <-refusals:
		case <-time.After(patience):
			t.Fatalf("got %d refusals, want 3", i)
		}
	}
	other.Close()
	startBroker(t, broker.Config{Listen: address, Users: user("pw")})
	within(t, "a connected client", nc.IsConnected)
	// The same error is logged again once ten seconds are over.
	most := 1 + int(time.Since(began)/(10*time.Second))
	if got := log.count("no longer takes these credentials"); got < 1 || got > most {
		t.Errorf("got %d lines for the refusals, want 1 to %d:\n%s", got, most, log)
	}
}

func TestAPublishThatIsNotPermittedIsLoggedWithWhatToDo(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Users: []broker.User{{Name: "shop", Password: "pw", Publish: broker.Subjects{Allow: []string{"orders"}}}}})
	logger, log := newLog()
	nc := connect(t, bus.Config{URL: b.URL(), User: "shop", Password: "pw", Logger: logger})
	for range 3 {
		if err := nc.Publish("secrets", nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	within(t, "a line about the violation", func() bool { return log.count("secrets") > 0 })
	if got := log.String(); !strings.Contains(got, "allow the subject") || strings.Count(got, "\n") != 1 {
		t.Errorf("got the log\n%swant one line that says what to do", got)
	}
}

func TestAnswersThatAreNotPermittedAreLoggedOnceForEachKindOfInbox(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Users: []broker.User{{Name: "shop", Password: "pw", Publish: broker.Subjects{Allow: []string{"orders"}}}}})
	logger, log := newLog()
	nc := connect(t, bus.Config{URL: b.URL(), User: "shop", Password: "pw", Logger: logger})
	for _, subject := range []string{"_INBOX.a.1", "_INBOX.b.+2", "_INBOX.alice.c", "_R_.d.e", "_INBOX.f", "_R_.g.h", "inbox.a", "inbox.b"} {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	within(t, "a line about the last violation", func() bool { return log.count("inbox.b") > 0 })
	got := log.String()
	if n := strings.Count(got, "\n"); n != 4 {
		t.Errorf("got %d lines, want 4:\n%s", n, got)
	}
	for _, allow := range []string{`_INBOX.>`, `_R_.>`} {
		if n := strings.Count(got, allow); n != 1 {
			t.Errorf("got %d lines that say to allow %s, want 1:\n%s", n, allow, got)
		}
	}
}

func TestAHandlerInstalledLaterGetsTheErrors(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Users: []broker.User{{Name: "shop", Password: "pw", Subscribe: broker.Subjects{Deny: []string{"secrets"}}}}})
	logger, log := newLog()
	nc := connect(t, bus.Config{URL: b.URL(), User: "shop", Password: "pw", Logger: logger})
	got := make(chan error, 1)
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { got <- err })
	if _, err := nc.SubscribeSync("secrets"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-got:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("got %v, want nats.ErrPermissionViolation", err)
		}
	case <-time.After(patience):
		t.Fatal("got no error, want nats.ErrPermissionViolation")
	}
	if got := log.String(); got != "" {
		t.Errorf("got the log %q, want none: the handler has it", got)
	}
}

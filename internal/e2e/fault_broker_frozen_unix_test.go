//go:build unix

package e2e_test

import (
	"context"
	"crypto/tls"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestWhileABrokerIsFrozenCallsEndAtTheirDeadlines(t *testing.T) {
	t.Parallel()
	certificate, trust := certificateOfLoopback(t)
	for name, config := range map[string]brokerPart{
		"TCP":               {},
		"TLS":               {TLS: true, Websocket: true},
		"websocket":         {Websocket: true},
		"websocket and TLS": {Websocket: true, WebsocketTLS: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config.Listen, config.Dir, config.Certificate = "127.0.0.1:0", t.TempDir(), certificate
			b := launch(t, part{Broker: &config})
			own := b.words[0] // the client's connection is of the kind; the others' are plain
			if name != "TCP" && name != "TLS" {
				own = b.words[len(b.words)-1]
			}
			others := b.words[0]
			if config.TLS {
				others = b.words[len(b.words)-1]
			}
			startBinder(t, dial(t, others), longLease)
			launch(t, part{URL: others, Server: &serverPart{}})
			var secure []nats.Option
			if config.TLS || config.WebsocketTLS {
				secure = []nats.Option{nats.Secure(&tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12})}
			}
			callsEndWhileFrozen(t, b, dial(t, own, secure...))
		})
	}
}

// callsEndWhileFrozen checks that calls end at their deadlines, by a connection to a broker
// that freezes.
func callsEndWhileFrozen(t *testing.T, b *process, nc *nats.Conn) {
	c := newClient(t, nc, rpcclient.Config{})
	if err := callWithin(patience, c, 1); err != nil {
		t.Fatal(err)
	}

	if err := b.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a call without an answer, as the broker is frozen", func() error {
		if callWithin(100*time.Millisecond, c, 1) == nil {
			return errors.New("it was answered")
		}
		return nil
	})
	// It is more than the system's buffers hold, so a write would wait for the broker.
	flooded := make(chan error, 1)
	go func() {
		payload := make([]byte, 64<<10)
		for range (11 << 20) / len(payload) {
			if err := nc.Publish("flood", payload); err != nil {
				flooded <- err
				return
			}
		}
		flooded <- nil
	}()
	// Whoever keeps another clock beside the calls', and twice as slow, must not be the first:
	// on a machine with much to do both are late.
	const calls, limit = 20, 100 * time.Millisecond
	inTime := func(what string, failed func(err error) bool) {
		t.Helper()
		control := make(chan struct{})
		go func() {
			defer close(control)
			for range 2 * calls {
				time.Sleep(limit)
			}
		}()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range int64(calls) {
				if err := callWithin(limit, c, i); !failed(err) {
					t.Errorf("%s: call %d ended with %v", what, i, err)
				}
			}
		}()
		select {
		case <-done:
		case <-control:
			t.Errorf("%s: %d calls with deadlines of %v weren't over after %v", what, calls, limit, 2*calls*limit)
			<-done
		}
	}
	inTime("before it is noticed", func(err error) bool {
		return errors.Is(err, context.DeadlineExceeded) || helium.CodeOf(err) == helium.CodeDeadlineExceeded || helium.CodeOf(err) == helium.CodeUnavailable
	})
	eventually(t, "that it is noticed", func() error {
		if nc.Status() != nats.RECONNECTING {
			return errors.New("the connection stands")
		}
		return nil
	})
	// The frozen broker takes connections all the same, and says nothing on them.
	for range 3 {
		inTime("while another one is looked for", func(err error) bool {
			// Or its time is over, on a machine with much to do.
			code := helium.CodeOf(err)
			return (code == helium.CodeUnavailable || code == helium.CodeDeadlineExceeded) && helium.OutcomeOf(err) == helium.NotExecuted
		})
	}
	<-flooded

	if err := b.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an answer once it has thawed", func() error { return callWithin(time.Second, c, 1) })
}

package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// shrinkable is a NATS server whose max_payload can be changed while it runs.
type shrinkable struct {
	t      *testing.T
	server *server.Server
	conf   string
	file   string
}

func startShrinkable(t *testing.T) *shrinkable {
	t.Helper()
	options := configured(t, "")
	s := &shrinkable{t: t, file: options.ConfigFile, conf: "listen: \"127.0.0.1:-1\"\njetstream: {store_dir: \"" + t.TempDir() + "\"}\n"}
	s.write(1 << 20)
	options, err := server.ProcessConfigFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	if s.server, err = server.NewServer(options); err != nil {
		t.Fatal(err)
	}
	s.server.Start()
	t.Cleanup(func() {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	})
	if !s.server.ReadyForConnections(patience) {
		t.Fatal("the NATS server doesn't start")
	}
	return s
}

func (s *shrinkable) write(maxPayload int) {
	s.t.Helper()
	if err := os.WriteFile(s.file, fmt.Appendf(nil, "%smax_payload: %d\n", s.conf, maxPayload), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// shrink has the server take messages of so many bytes. It tells no connection that stands; those
// given are made again, and so know it.
func (s *shrinkable) shrink(maxPayload int, again ...*nats.Conn) {
	s.t.Helper()
	s.write(maxPayload)
	if err := s.server.Reload(); err != nil {
		s.t.Fatal(err)
	}
	for _, nc := range again {
		loopback.Reconnect(s.t, nc, s.connect())
		if got := nc.MaxPayload(); got != int64(maxPayload) {
			s.t.Fatalf("the connection that is made again is for messages of %d bytes, want %d", got, maxPayload)
		}
	}
}

func (s *shrinkable) connect() *nats.Conn {
	s.t.Helper()
	nc, err := bus.Connect(testContext(s.t), bus.Config{URL: s.server.ClientURL(), Wait: true, Logger: quiet})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nc.Close)
	return nc
}

// work starts a binder, a worker and a client, and returns the connections of the last two.
func (s *shrinkable) work() (w *worker, c *rpcclient.Client, serving, calling *nats.Conn) {
	s.t.Helper()
	registry, err := binder.Start(s.t.Context(), s.connect(), binder.Config{Logger: quiet, Memory: true})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(registry.Close)
	w = newWorker("w")
	serving, calling = s.connect(), s.connect()
	serve(s.t, serving, rpcserver.Config{}, "work", w)
	return w, newClient(s.t, calling, rpcclient.Config{Timeout: patience}), serving, calling
}

func TestPromise5CallsGoOnWhenTheNATSServerBeginsToTakeSmallerMessages(t *testing.T) {
	t.Parallel()
	s := startShrinkable(t)
	w, c, serving, calling := s.work()
	together := func(ids int64, size int) {
		t.Helper()
		var calls sync.WaitGroup
		for i := range int64(100) {
			id := ids + i
			calls.Go(func() {
				data := bytes.Repeat([]byte{byte(id)}, size)
				got, err := rpcclient.Call[[]byte](t.Context(), c, "work.carry", id, data)
				if err != nil {
					t.Errorf("call %d with %d bytes: %v", id, size, err)
				} else if !bytes.Equal(got, data) {
					t.Errorf("call %d: got %d bytes, want its own %d", id, len(got), size)
				}
			})
			calls.Go(func() {
				if err := c.Notify(t.Context(), "work.run", -id); err != nil {
					t.Errorf("one-way call %d: %v", -id, err)
				}
			})
		}
		calls.Wait()
		eventually(t, "one-way calls have run", func() error {
			for i := range int64(100) {
				if n := w.times(-ids - i); n != 1 {
					return fmt.Errorf("one-way call %d ran %d times, want once", -ids-i, n)
				}
			}
			return nil
		})
		for i := range int64(100) {
			if n := w.times(ids + i); n != 1 {
				t.Errorf("call %d ran %d times, want once", ids+i, n)
			}
		}
	}
	together(1000, 300)
	s.shrink(4096, serving, calling)
	together(2000, 300)  // many of these made messages of 4096 bytes and more
	together(3000, 6000) // and none of these fits one
	s.shrink(2048, serving, calling)
	together(4000, 300)
}

func TestPromise5AConnectionThatTheNATSServerEndsForAMessageTooLargeIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := startShrinkable(t)
	w, c, serving, calling := s.work()
	goesWell := func(id int64) {
		t.Helper()
		eventually(t, "calls go well again", func() error { return callWithin(patience, c, id) })
	}
	goesWell(1)
	s.shrink(4096)

	// Nobody has told the client what the server takes now.
	err := c.Call(t.Context(), "work.carry", nil, 2, make([]byte, 6000))
	if e := helium.AsError(err); e.Code != helium.CodeUnavailable || w.times(2) != 0 {
		t.Errorf("a call whose message the NATS server takes no more: got %v, and it ran %d times; want that the connection was lost, and that it didn't run", err, w.times(2))
	}
	goesWell(3)

	// Nor the server, of which it ends the connection for the first answer. Its caller isn't told.
	eventually(t, "large values go well both ways", func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		return c.Call(ctx, "work.carry", nil, 4, make([]byte, 6000))
	})
	goesWell(5)
	for _, nc := range []*nats.Conn{serving, calling} {
		if nc.IsClosed() {
			t.Errorf("the connection %q is closed for good: %v", nc.Opts.Name, nc.LastError())
		}
	}
}

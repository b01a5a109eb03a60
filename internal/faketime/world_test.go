package faketime_test

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/fakenats"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

var quiet = slog.New(slog.DiscardHandler)

// world is a bus with fake time, and a binder by hand that believes what it is told.
type world struct {
	t   *testing.T
	bus *fakenats.Server

	mu      sync.Mutex
	records map[string]binder.Record // guarded by mu; by service and instance
	undo    []func()
}

// inFakeTime runs a test in a world of its own, and ends all that the test has begun.
func inFakeTime(t *testing.T, test func(w *world)) {
	t.Helper()
	defer func() {
		// nats.go keeps timers in a pool, and one of another test's time is of no use.
		runtime.GC()
		runtime.GC()
	}()
	// The race detector can crash where two goroutines of a bubble find at the same moment that a timer is due
	// (Go 1.26).
	processors := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(processors)
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, bus: fakenats.New(), records: make(map[string]binder.Record)}
		w.atEnd(w.bus.Close)
		w.bind()
		test(w)
		for i := len(w.undo) - 1; i >= 0; i-- {
			w.undo[i]()
		}
	})
}

func (w *world) atEnd(undo func()) { w.undo = append(w.undo, undo) }

// connect returns a connection of a name.
func (w *world) connect(name string) *nats.Conn {
	w.t.Helper()
	nc := w.bus.Connect(w.t, name)
	w.atEnd(nc.Close)
	return nc
}

// subscribe has messages handled.
func (w *world) subscribe(nc *nats.Conn, subject, queue string, handle nats.MsgHandler) {
	w.t.Helper()
	_, err := nc.QueueSubscribe(subject, queue, handle)
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// bind answers servers and clients as a binder does.
func (w *world) bind() {
	nc := w.connect("binder")
	w.subscribe(nc, "helium.binder.register.*", "helium", func(m *nats.Msg) {
		var r binder.Record
		if err := json.Unmarshal(m.Data, &r); err != nil {
			w.t.Errorf("a record that can't be read: %v", err)
		}
		w.know(r)
		_ = m.Respond([]byte(`{"lease_ms":3600000}`))
	})
	w.subscribe(nc, "helium.binder.renew.*", "helium", func(m *nats.Msg) { _ = m.Respond([]byte(`{"lease_ms":3600000}`)) })
	w.subscribe(nc, "helium.binder.end.*", "helium", func(m *nats.Msg) { _ = m.Respond([]byte(`{}`)) })
	w.subscribe(nc, "helium.binder.lookup.>", "helium", func(m *nats.Msg) {
		service, _, _ := strings.Cut(strings.TrimPrefix(m.Subject, "helium.binder.lookup."), ".")
		entry := binder.Entry{Service: service, Revision: 1}
		w.mu.Lock()
		for _, r := range w.records {
			if r.Service == service {
				entry.Records = append(entry.Records, r)
			}
		}
		w.mu.Unlock()
		data, err := json.Marshal(entry)
		if err != nil {
			w.t.Error(err)
		}
		_ = m.Respond(data)
	})
}

// know has the binder know a record.
func (w *world) know(r binder.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.records[r.Service+"."+r.Instance] = r
}

// work is the service "work".
type work struct {
	instance string
	sipped   atomic.Int64 // how many values Sip has done with

	mu    sync.Mutex
	ended map[string]error // guarded by mu; how the contexts of calls ended
	ran   map[string]int   // guarded by mu
}

func (s *work) enter(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran[id]++
}

// Hold lasts until its context ends.
func (s *work) Hold(ctx context.Context, id string) error {
	s.enter(id)
	<-ctx.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[id] = ctx.Err()
	return ctx.Err()
}

// Who returns the instance.
func (s *work) Who(id string) string {
	s.enter(id)
	return s.instance
}

// Nap takes some milliseconds and returns the instance. It may be called again.
func (s *work) Nap(millis int) string {
	time.Sleep(time.Duration(millis) * time.Millisecond)
	return s.instance
}

// Take counts.
func (s *work) Take(id string) { s.enter(id) }

// Tick gives a number each 10 ms.
func (s *work) Tick() iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := 0; yield(i, nil); i++ {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// Wait gives nothing, until its context ends.
func (s *work) Wait(ctx context.Context) iter.Seq2[int, error] {
	return func(func(int, error) bool) { <-ctx.Done() }
}

// Last returns the last of what it is sent.
func (s *work) Last(xs iter.Seq2[int, error]) (last int, err error) {
	for x, err := range xs {
		if err != nil {
			return 0, err
		}
		last = x
	}
	return last, nil
}

// Blobs gives so many values of size bytes.
func (s *work) Blobs(size, n int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		blob := make([]byte, size)
		for i := 0; i < n && yield(blob, nil); i++ {
		}
	}
}

// Echo gives the blobs that it is sent.
func (s *work) Echo(blobs iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for b, err := range blobs {
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// Sip takes a value each second, and returns how many there were.
func (s *work) Sip(blobs iter.Seq2[[]byte, error]) (n int, err error) {
	for _, err := range blobs {
		if err != nil {
			return n, err
		}
		time.Sleep(time.Second)
		n++
		s.sipped.Add(1)
	}
	return n, nil
}

// Weigh gives the size of a value.
func (s *work) Weigh(value []byte) iter.Seq2[int, error] { return given(len(value), 1, 0) }

// Load returns the size of a value and how many items came beside it.
func (s *work) Load(value []byte, xs iter.Seq2[int, error]) (int, error) {
	n, err := took(xs, 0)
	return len(value) + n, err
}

// Print returns so many bytes, once all items have come.
func (s *work) Print(size int, xs iter.Seq2[int, error]) ([]byte, error) {
	_, err := took(xs, 0)
	return make([]byte, size), err
}

// taken returns how many calls of Take have come.
func (s *work) taken() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, ran := range s.ran {
		if strings.HasPrefix(id, "note") {
			n += ran
		}
	}
	return n
}

// has reports whether a call has come.
func (s *work) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ran[id] > 0
}

// counts returns how often each call ran.
func (s *work) counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.ran)
}

// forget forgets which calls ran.
func (s *work) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.ran)
}

func (s *work) end(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended[id]
}

// serve starts a server of "work", whose connection has a name.
func (w *world) serve(name string, config rpcserver.Config) (*work, *rpcserver.Server) {
	w.t.Helper()
	config.Logger, config.NoMonitoring = quiet, true
	srv := rpcserver.New(w.connect(name), config)
	s := &work{instance: srv.Instance(), ended: make(map[string]error), ran: make(map[string]int)}
	if err := rpcserver.Register(srv, "work", s, rpcserver.Idempotent("nap")); err != nil {
		w.t.Fatal(err)
	}
	if err := srv.Start(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.atEnd(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = srv.Shutdown(ctx) // what is cut is meant
	})
	return s, srv
}

// client returns a client over a connection of its own.
func (w *world) client(config rpcclient.Config) *rpcclient.Client {
	w.t.Helper()
	config.Logger = quiet
	c, err := rpcclient.New(w.connect("client"), config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.atEnd(func() { _ = c.Close() })
	return c
}

// call is a call under way.
type call struct {
	ended chan struct{}
	who   string
	err   error
	took  time.Duration
}

// begin begins a call with a minute's time.
func (w *world) begin(c *rpcclient.Client, method string, args ...any) *call {
	one := &call{ended: make(chan struct{})}
	go func() {
		defer close(one.ended)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		began := time.Now()
		var to any
		if method != "work.hold" {
			to = &one.who
		}
		one.err = c.Call(ctx, method, to, args...)
		one.took = time.Since(began)
	}()
	synctest.Wait()
	return one
}

// wait waits for the end of the call.
func (c *call) wait() *call {
	<-c.ended
	return c
}

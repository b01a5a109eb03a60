package rpcserver_test

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// patience bounds what is expected to happen soon; only a failing test waits for it.
const patience = time.Minute

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// serveAlone serves a service as the only one of a world of its own, until the test ends.
func serveAlone[S any](t *testing.T, config rpcserver.Config, name string, impl S) (*world, *rpcserver.Server) {
	t.Helper()
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv := rpcserver.New(w.conn(), config)
	if err := rpcserver.Register(srv, name, impl); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(testContext(t)) })
	return w, srv
}

// eventually polls until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not so after %v: %s", patience, what)
		}
	}
}

// receive returns what comes out of a channel soon.
func receive[T any](t testing.TB, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatalf("still waiting after %v for: %s", patience, what)
	}
	return v
}

// world is a broker with a configuration of its own, and a binder.
type world struct {
	t      testing.TB
	broker *broker.Broker
	binder *binder.Binder
}

func newWorld(t testing.TB, config broker.Config) *world {
	t.Helper()
	config.Logger = quiet()
	b, err := broker.Start(testContext(t), config)
	if err != nil {
		t.Fatalf("broker: %v", err)
	}
	t.Cleanup(b.Close)
	return &world{t: t, broker: b}
}

func (w *world) startBinder(config binder.Config) *binder.Binder {
	w.t.Helper()
	config.Logger, config.Memory = quiet(), true
	reg, err := binder.Start(testContext(w.t), w.conn(), config)
	if err != nil {
		w.t.Fatalf("binder: %v", err)
	}
	w.t.Cleanup(func() { reg.Close() })
	w.binder = reg
	return reg
}

func (w *world) conn() *nats.Conn {
	w.t.Helper()
	return w.connectAs(bus.Config{})
}

// connectAs connects with credentials. It tries again, since a handshake has a time limit.
func (w *world) connectAs(config bus.Config) (nc *nats.Conn) {
	w.t.Helper()
	config.Name, config.Logger = w.t.Name(), quiet()
	eventually(w.t, "connected", func() bool {
		var err error
		if nc, err = w.broker.ConnectWith(testContext(w.t), config); err != nil {
			w.t.Logf("connect: %v", err)
		}
		return err == nil
	})
	w.t.Cleanup(nc.Close)
	return nc
}

// server makes a server with a probe, which isn't started; it is shut down at the end.
func (w *world) server(config rpcserver.Config) (*rpcserver.Server, *probe) {
	w.t.Helper()
	if config.Logger == nil {
		config.Logger = quiet()
	}
	srv := rpcserver.New(w.conn(), config)
	p := newProbe()
	if err := rpcserver.Register(srv, "probe", p); err != nil {
		w.t.Fatalf("register: %v", err)
	}
	w.t.Cleanup(func() {
		p.releaseAll()
		_ = srv.Shutdown(context.Background())
	})
	return srv, p
}

// serve is server, started.
func (w *world) serve(config rpcserver.Config) (*rpcserver.Server, *probe) {
	w.t.Helper()
	srv, p := w.server(config)
	if err := srv.Start(testContext(w.t)); err != nil {
		w.t.Fatalf("start: %v", err)
	}
	return srv, p
}

func (w *world) client(config rpcclient.Config) *rpcclient.Client {
	w.t.Helper()
	config.Logger = quiet()
	c, err := rpcclient.New(w.conn(), config)
	if err != nil {
		w.t.Fatalf("client: %v", err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}

// start is the usual world: a binder, a server with a probe, and a client that tries
// each call once.
func start(t testing.TB, config rpcserver.Config) (*world, *rpcserver.Server, *probe, *rpcclient.Client) {
	t.Helper()
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv, p := w.serve(config)
	return w, srv, p, w.client(rpcclient.Config{MaxAttempts: 1})
}

// peer is a caller that writes its frames itself.
type peer struct {
	t     testing.TB
	nc    *nats.Conn
	inbox string
	sub   *nats.Subscription
}

func (w *world) peer() *peer {
	w.t.Helper()
	p := &peer{t: w.t, nc: w.conn()}
	p.inbox = p.nc.NewInbox()
	var err error
	if p.sub, err = p.nc.SubscribeSync(p.inbox + ".>"); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// callFrame is a call with a minute left.
func callFrame(seq uint64, args ...any) wire.Frame {
	var body codec.Writer
	body.ArrayHeader(len(args))
	for _, arg := range args {
		body.Value(arg)
	}
	if err := body.Err(); err != nil {
		panic(err)
	}
	return wire.Frame{Kind: wire.KindCall, Seq: seq, Time: 60_000, Body: body.Bytes()}
}

func message(frames ...wire.Frame) []byte {
	data := wire.AppendMessageHeader(nil)
	for i := range frames {
		data = wire.AppendFrame(data, &frames[i])
	}
	return data
}

// send publishes a message to be answered at a token of the peer's inbox; "": nowhere.
func (p *peer) send(subject, token string, data []byte) {
	p.t.Helper()
	msg := &nats.Msg{Subject: subject, Data: data}
	if token != "" {
		msg.Reply = p.inbox + "." + token
	}
	if err := p.nc.PublishMsg(msg); err != nil {
		p.t.Fatalf("publish: %v", err)
	}
}

// next returns the next message of replies and the token that it was sent to.
func (p *peer) next() (token string, frames []wire.Frame) {
	p.t.Helper()
	msg, err := p.sub.NextMsg(patience)
	if err != nil {
		p.t.Fatalf("no answer: %v", err)
	}
	read, err := wire.ReadMessage(msg.Data)
	for err == nil && read.More() {
		var f wire.Frame
		if err = read.Next(&f); err == nil {
			frames = append(frames, f)
		}
	}
	if err != nil {
		p.t.Fatalf("the answer %x is broken: %v", msg.Data, err)
	}
	return msg.Subject[len(p.inbox)+1:], frames
}

// one returns the next answer, which must be alone in its message.
func (p *peer) one() wire.Frame {
	p.t.Helper()
	_, frames := p.next()
	if len(frames) != 1 {
		p.t.Fatalf("got %d answers in a message, want 1", len(frames))
	}
	return frames[0]
}

// quietly checks that nothing came to the peer but what was read: it calls a method
// whose answer comes after all that was asked for before.
func (p *peer) quietly() {
	p.t.Helper()
	p.send("helium.call.probe.echo", "last", message(callFrame(1<<60, "last")))
	if token, frames := p.next(); token != "last" {
		p.t.Errorf("got an answer at %q, %+v; want none", token, frames)
	}
}

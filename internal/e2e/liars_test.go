package e2e_test

import (
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// startWithUsers starts a NATS server with a user who may do everything, and one, "evil", with
// these permissions.
func startWithUsers(t *testing.T, evil string) *guarded {
	t.Helper()
	return startGuarded(t, configured(t, `authorization: { users: [
  { user: good, password: "…" }
  { user: evil, password: "…", permissions: { `+evil+` subscribe: ["helium.call.evil.*", "_INBOX.evil.>"] } }
] }`), func() {})
}

// liarsBed is a bank and an evil service, which a client of the one calls as well.
type liarsBed struct {
	bank    *worker
	srv     *rpcserver.Server // the bank's
	f       *forger           // it serves the evil one
	client  *rpcclient.Client
	connect func(user string) *nats.Conn
}

// startLiarsBed starts it; permissions are those of the evil one's user.
func startLiarsBed(t *testing.T, permissions string) *liarsBed {
	t.Helper()
	g := startWithUsers(t, permissions)
	ctx := testContext(t)
	b := &liarsBed{bank: newWorker("bank")}
	b.connect = func(user string) *nats.Conn {
		nc, err := g.connect(ctx, user)
		if err != nil {
			t.Fatal(err)
		}
		return nc
	}
	startBinder(t, b.connect("good"), longLease)
	b.srv = serve(t, b.connect("good"), rpcserver.Config{}, "bank", b.bank)
	record := binder.Record{Service: "evil", Instance: "e1", Methods: []binder.Method{{Name: "ask", Signature: "ask()"}}}
	if _, err := registryOf(t, b.connect("good")).Register(ctx, record); err != nil {
		t.Fatal(err)
	}
	b.f = &forger{t: t, nc: b.connect("evil"), seen: make(chan *nats.Msg, 100)}
	if _, err := b.f.nc.ChanSubscribe("helium.call.evil.*", b.f.seen); err != nil {
		t.Fatal(err)
	}
	if err := b.f.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	b.client = newClient(t, b.connect("good"), rpcclient.Config{})
	return b
}

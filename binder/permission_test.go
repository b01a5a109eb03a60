package binder

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

// violations collects what a connection was refused.
type violations struct {
	mu  sync.Mutex
	all []string // guarded by mu
}

func (v *violations) String() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return strings.Join(v.all, "\n")
}

func connectAs(t *testing.T, b *broker.Broker, user string, refused *violations) *nats.Conn {
	t.Helper()
	return connectWith(t, b, bus.Config{
		Name: user, User: user, Password: "secret",
		Options: []nats.Option{nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			refused.mu.Lock()
			defer refused.mu.Unlock()
			refused.all = append(refused.all, user+": "+err.Error())
		})},
	})
}

// The lists are those of docs/protocol.md.
func TestTheDocumentedPermissionsAreEnough(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Users: []broker.User{
		{
			Name: "binder", Password: "secret", Responses: 1,
			Publish: broker.Subjects{Allow: []string{
				"helium.binder.event.*", "$KV.helium_registry.>",
				"$JS.API.STREAM.CREATE.KV_helium_registry", "$JS.API.STREAM.INFO.KV_helium_registry", "$JS.API.STREAM.UPDATE.KV_helium_registry",
				"$JS.API.CONSUMER.CREATE.KV_helium_registry.>", "$JS.API.CONSUMER.DELETE.KV_helium_registry.>", "$JS.FC.>",
			}},
			Subscribe: broker.Subjects{Allow: []string{"helium.binder.>", "_INBOX.binder.>"}},
		},
		{
			Name: "server", Password: "secret",
			Publish:   broker.Subjects{Allow: []string{"helium.binder.register.math", "helium.binder.renew.math", "helium.binder.end.math"}},
			Subscribe: broker.Subjects{Allow: []string{"_INBOX.server.>"}},
		},
		{
			Name: "client", Password: "secret",
			Publish:   broker.Subjects{Allow: []string{"helium.binder.lookup.>", "helium.binder.list"}},
			Subscribe: broker.Subjects{Allow: []string{"_INBOX.client.>", "helium.binder.event.*"}},
		},
	}})
	var refused violations
	reg := startBinder(t, connectAs(t, b, "binder", &refused), Config{Lease: 4 * time.Second}) // a machine may stand still for much of it
	server := newClient(t, connectAs(t, b, "server", &refused))
	client := newClient(t, connectAs(t, b, "client", &refused))
	var told events
	stop, err := client.Watch("", told.add)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	register(t, server, record("math", "i1", "add"), record("math", "i2", "add"))
	if _, err := server.Renew(t.Context(), "math", "i1"); err != nil {
		t.Errorf("Renew: %v", err)
	}
	if err := server.End(t.Context(), "math", "i2"); err != nil {
		t.Errorf("End: %v", err)
	}
	if _, err := client.Lookup(t.Context(), "math.add"); err != nil {
		t.Errorf("Lookup: %v", err)
	}
	if _, err := client.List(t.Context()); err != nil {
		t.Errorf("List: %v", err)
	}
	if _, err := client.Lookup(t.Context(), "nobody"); !errors.Is(err, helium.ErrUnknownService) {
		t.Errorf("Lookup(nobody): got %v, want %v", err, helium.ErrUnknownService)
	}
	eventually(t, "all is told", told.is("registered math/i1;registered math/i2;ended math/i2;expired math/i1;"))
	reg.Close()
	if got := refused.String(); got != "" {
		t.Errorf("refused:\n%s", got)
	}
}

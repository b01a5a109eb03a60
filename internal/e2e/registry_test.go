package e2e_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestTheRegistryTellsWhatIsServed(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	first := serve(t, n.dial(), rpcserver.Config{Version: "1.0.0"}, "math", mathsvc.New())
	second := serve(t, n.dial(), rpcserver.Config{Version: "1.1.0"}, "math", mathsvc.New())
	serve(t, n.dial(), rpcserver.Config{}, "work", newWorker("w"))
	registry := registryOf(t, n.dial())
	ctx := testContext(t)

	for name, want := range map[string]string{"math": "math", "math.add": "math.add", "add": "math.add", "who": "work.who"} {
		entry, err := registry.Lookup(ctx, name)
		if err != nil {
			t.Errorf("Lookup(%q): %v", name, err)
			continue
		}
		if got := strings.TrimSuffix(entry.Service+"."+entry.Method, "."); got != want {
			t.Errorf("Lookup(%q) is %s, want %s", name, got, want)
		}
	}
	entry := registered(t, registry, "math.add", first, second)
	for _, r := range entry.Records {
		if want := map[string]string{first.Instance(): "1.0.0", second.Instance(): "1.1.0"}[r.Instance]; r.Version != want {
			t.Errorf("instance %s has version %q, want %q", r.Instance, r.Version, want)
		}
		if got := r.Methods[0].Signature; !strings.HasPrefix(got, "add(") {
			t.Errorf("the first method is %q, want add(…", got)
		}
	}
	if _, err := registry.Lookup(ctx, "mth"); !errors.Is(err, helium.ErrUnknownService) && !errors.Is(err, helium.ErrUnknownMethod) || !strings.Contains(fmt.Sprint(err), "math") {
		t.Errorf("Lookup(mth) = %v, want an error that suggests math", err)
	}
	if err := first.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	registered(t, registry, "math", second)
}

// registered waits until a name stands for these servers and no other, and returns what
// the registry says. A binder that is seconds behind its store answers all the same.
func registered(t *testing.T, registry *binder.Client, name string, servers ...*rpcserver.Server) (entry *binder.Entry) {
	t.Helper()
	var want []string
	for _, srv := range servers {
		want = append(want, srv.Instance())
	}
	slices.Sort(want)
	eventually(t, fmt.Sprintf("Lookup(%s) to find %v", name, want), func() (err error) {
		if entry, err = registry.Lookup(testContext(t), name); err != nil {
			return err
		}
		var got []string
		for _, r := range entry.Records {
			got = append(got, r.Instance)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("found %v", got)
		}
		return nil
	})
	return entry
}

// checkRegistered fails the test unless the registry has that many instances of "work".
func (n network) checkRegistered(want int) {
	n.t.Helper()
	registry := registryOf(n.t, n.dial())
	// A binder that is seconds behind its store answers all the same.
	eventually(n.t, "the instances whose leases haven't ended", func() error {
		entry, err := registry.Lookup(testContext(n.t), "work")
		if err == nil && len(entry.Records) != want {
			err = fmt.Errorf("Lookup(work) = %+v, want %d instances", entry, want)
		}
		return err
	})
}

// recordsLeft counts what the registry's bucket holds, without a binder.
func recordsLeft(nc *nats.Conn) (int, error) {
	js, err := nc.JetStream()
	if err != nil {
		return 0, err
	}
	bucket, err := js.KeyValue("helium_registry")
	if err != nil {
		return 0, err
	}
	keys, err := bucket.Keys()
	if errors.Is(err, nats.ErrNoKeysFound) {
		return 0, nil
	}
	return len(keys), err
}

// registerNobody puts a service into the registry that nobody serves.
func registerNobody(t *testing.T, n network, service string, methods ...string) {
	t.Helper()
	r := binder.Record{Service: service, Instance: "nobody"}
	for _, m := range methods {
		r.Methods = append(r.Methods, binder.Method{Name: m, Signature: m + "()", Kind: binder.KindCall})
	}
	if _, err := registryOf(t, n.dial()).Register(testContext(t), r); err != nil {
		t.Fatal(err)
	}
}

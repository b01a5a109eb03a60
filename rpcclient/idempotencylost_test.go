package rpcclient_test

import (
	"context"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// twoKeepers returns two instances of "fake" whose results may come in chunks, the one that "k" picks first.
func twoKeepers(t *testing.T, env *heliumtest.Env) (first, second *fakeKeeper) {
	t.Helper()
	all := &tellers{t: t, env: env, byName: map[string]*rpcserver.Server{"i1": nil, "i2": nil}}
	keepers := make(map[string]*fakeKeeper)
	for name := range all.byName {
		keepers[name] = newFakeKeeper(t, env, name, "do() bytes")
		register(t, env, binder.Record{
			Service: "fake", Instance: name, Abilities: uint64(wire.IdempotencyKeys | wire.Chunks),
			Methods: []binder.Method{{Name: "do", Signature: "do() bytes"}},
		})
	}
	return keepers[all.order("k")[0]], keepers[all.order("k")[1]]
}

func TestWhereACallWithAKeyRanWhoseResultDidNotComeOthersOfItsKeyGoToo(t *testing.T) {
	for name, test := range map[string]struct {
		config rpcclient.Config
		leaves bool // the instance, before it has sent the result
		want   *helium.Error
		as     helium.Outcome
	}{
		"its instance is gone in the middle": {long, true, helium.ErrNoInstance, helium.Unknown},
		"the same, without retries":          {once, true, helium.ErrDisconnected, helium.Executed},
		"it is too large for the client":     {rpcclient.Config{Timeout: patience, MaxValue: 1000}, false, helium.ErrResultTooLarge, helium.Executed},
	} {
		t.Run(name, func(t *testing.T) {
			env := heliumtest.New(t)
			first, second := twoKeepers(t, env)
			c := env.NewClient(test.config)
			failed := make(chan error, 1)
			call := func() { failed <- c.Call(withKey(t, "k"), "fake.do", nil) }
			go call()
			m, f, _ := first.next(t)
			leave := func() {
				if err := first.sub.Unsubscribe(); err != nil {
					t.Fatal(err)
				}
				if err := first.nc.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if test.leaves {
				leave()
			}
			data := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindInstance, Body: []byte(first.name), Abilities: wire.Chunks})
			announcement := wire.Frame{Kind: wire.KindLargeReply, Seq: f.Seq, Body: wire.AppendExtent(nil, wire.Extent{Length: 5 << 20})}
			if err := m.Respond(wire.AppendFrame(data, &announcement)); err != nil {
				t.Fatal(err)
			}
			end := func() error {
				select {
				case err := <-failed:
					return err
				case m := <-second.calls:
					t.Fatalf("a call of the key went to %q as well, want nowhere but to %s", m.Subject, first.name)
					return nil
				}
			}
			wantError(t, end(), test.want, test.as)
			if !test.leaves {
				leave()
			}
			go call()
			err := end()
			wantError(t, err, helium.ErrNoInstance, helium.Unknown)
			if !strings.Contains(err.Error(), first.name) || !strings.Contains(err.Error(), "another key") {
				t.Errorf("the next call of the key: %v, want that it names %s, and another key", err, first.name)
			}
		})
	}
}

// hurried is an interceptor which has calls that say so give up at once.
func hurried(next rpcserver.Handler) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		if helium.MetadataFrom(ctx)["hurry"] != "" {
			ended, cancel := context.WithCancel(ctx)
			cancel()
			ctx = ended
		}
		return next(ctx, call)
	}
}

func TestACallThatWaitedInVainForAnotherOfItsKeyIsUnknownAndItsKeyStaysThere(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		impl := newTill()
		servers := make(map[string]*rpcserver.Server)
		for range 2 {
			srv := over.serve(env, rpcserver.Config{Interceptors: []rpcserver.Interceptor{hurried}}, "till", impl)
			servers[srv.Instance()] = srv
		}
		over.links(t, env.Client, "till", 2)
		other := env.NewClient(long)
		over.links(t, other, "till", 2)
		first := make(chan error, 1)
		go func() { first <- other.Call(withKey(t, "order-1"), "till.slow", nil, 7) }()
		within(t, impl.entered, "first call")

		hurry := helium.WithMetadata(withKey(t, "order-1"), helium.Metadata{"hurry": "yes"})
		err := env.Client.Call(hurry, "till.slow", nil, 7)
		if helium.CodeOf(err) != helium.CodeCanceled || helium.OutcomeOf(err) != helium.Unknown {
			t.Errorf("the call that waited: %v (%v), want canceled, unknown", err, helium.OutcomeOf(err))
		}
		noTime, cancel := context.WithCancel(t.Context())
		cancel()
		if err := servers[helium.AsError(err).Instance].Shutdown(noTime); err == nil {
			t.Error("Shutdown = nil, want one that tells of the call that was cut")
		}
		if err := within(t, first, "end of the first call"); helium.OutcomeOf(err) != helium.Unknown {
			t.Errorf("the first call: %v (%v), want unknown", err, helium.OutcomeOf(err))
		}
		close(impl.leave)
		wantError(t, env.Client.Call(withKey(t, "order-1"), "till.slow", nil, 7), helium.ErrNoInstance, helium.Unknown)
		wantRuns(t, impl, 1)
	})
}

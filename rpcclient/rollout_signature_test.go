package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// Versions of a service whose methods have the same names and other signatures. size's
// arguments fit both, and its results don't.
type (
	parcels1 struct{ finds, sizes atomic.Int64 }
	parcels2 struct{ finds, sizes atomic.Int64 }
	parcels3 struct{}
)

func (p *parcels1) Find(id int) string     { p.finds.Add(1); return fmt.Sprint("number ", id) }
func (p *parcels1) Size(name string) int   { p.sizes.Add(1); return len(name) }
func (p *parcels2) Find(id string) string  { p.finds.Add(1); return "name " + id }
func (p *parcels2) Size(string) [2]float64 { p.sizes.Add(1); return [2]float64{3, 4} }
func (parcels3) Find(a, b bool) string     { return fmt.Sprint("flags ", a, b) }

type (
	parcelsStub1 struct {
		Find func(id int) (string, error)
		Size func(name string) (int, error)
	}
	parcelsStub2 struct {
		Find func(id string) (string, error)
		Size func(name string) ([]float64, error)
	}
)

// serveParcels serves two instances of each version, and returns a client that knows them.
func serveParcels(t *testing.T, env *heliumtest.Env, c *rpcclient.Client) (impl1 *parcels1, impl2 *parcels2, servers []*rpcserver.Server) {
	t.Helper()
	impl1, impl2 = new(parcels1), new(parcels2)
	for range 2 {
		servers = append(servers, heliumtest.Serve(env, "parcels", impl1), heliumtest.Serve(env, "parcels", impl2))
	}
	if err := c.Call(t.Context(), "parcels.find", nil, 1); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, c, "parcels", 4)
	impl1.finds.Store(0)
	return impl1, impl2, servers
}

// everyParcel calls both versions by stubs and by name from many goroutines, and returns
// the errors.
func everyParcel(t *testing.T, c *rpcclient.Client, goroutines, each int) (errs []error) {
	t.Helper()
	var stub1 parcelsStub1
	var stub2 parcelsStub2
	if err := errors.Join(c.Bind("parcels", &stub1), c.Bind("parcels", &stub2)); err != nil {
		t.Fatal(err)
	}
	wrong := func(what string, got any, err error, want any) error {
		if err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
			err = fmt.Errorf("got %v, want %v", got, want)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	ctx := context.Background()
	for _, some := range collect(goroutines, func() (errs []error) {
		for range each {
			found, err := stub1.Find(7)
			errs = append(errs, wrong("the first stub's find", found, err, "number 7"))
			found, err = stub2.Find("x")
			errs = append(errs, wrong("the second stub's find", found, err, "name x"))
			size, err := stub1.Size("abc")
			errs = append(errs, wrong("the first stub's size", size, err, 3))
			sizes, err := stub2.Size("abc")
			errs = append(errs, wrong("the second stub's size", sizes, err, "[3 4]"))
			found, err = rpcclient.Call[string](ctx, c, "parcels.find", 7)
			errs = append(errs, wrong("find(7) by name", found, err, "number 7"))
			found, err = rpcclient.Call[string](ctx, c, "parcels.find", "x")
			errs = append(errs, wrong("find(x) by name", found, err, "name x"))
			size, err = rpcclient.Call[int](ctx, c, "parcels.size", "abc")
			errs = append(errs, wrong("size by name, for a number", size, err, 3))
			sizes, err = rpcclient.Call[[]float64](ctx, c, "parcels.size", "abc")
			errs = append(errs, wrong("size by name, for numbers", sizes, err, "[3 4]"))
		}
		return errs
	}) {
		for _, err := range some {
			if err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errs
}

// allParcels checks that no such call fails.
func allParcels(t *testing.T, c *rpcclient.Client) {
	t.Helper()
	if errs := everyParcel(t, c, 16, 10); len(errs) > 0 {
		t.Fatalf("%d of %d calls failed, one with: %v", len(errs), 16*10*8, errs[0])
	}
}

func TestCallsGoToInstancesTheyFit(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	_, _, servers := serveParcels(t, env, env.Client)
	before := env.Client.Stats().Fallbacks
	allParcels(t, env.Client)
	if more := env.Client.Stats().Fallbacks - before; more > 0 {
		t.Errorf("%d fallbacks, want none: stubs and the types of arguments tell where each call fits", more)
	}
	for i, srv := range servers {
		if calls := srv.Stats().Calls; calls < 100 {
			t.Errorf("instance %d had %d calls, want them spread over those that fit", i, calls)
		}
	}
	if s := env.Client.Stats(); s.Retries > 0 {
		t.Errorf("%d retries, want none", s.Retries)
	}
	// What only the values tell, the instances do.
	for range 20 {
		for _, arg := range []any{7, "x"} {
			if err := env.Client.Call(t.Context(), "parcels.find", nil, opaque{arg}); err != nil {
				t.Fatalf("find(%v): %v", arg, err)
			}
		}
	}
	if s := env.Client.Stats(); s.Fallbacks == 0 || s.Retries > 0 {
		t.Errorf("%d fallbacks and %d retries, want some and none", s.Fallbacks, s.Retries)
	}
}

// opaque is an argument whose type doesn't tell what it is.
type opaque struct{ v any }

func (o opaque) EncodeMsgpack(e *msgpack.Encoder) error { return e.Encode(o.v) }

func TestOneWayCallsGoToInstancesTheirArgumentsFit(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	impl1, impl2, _ := serveParcels(t, env, env.Client)
	for range 50 {
		if err := errors.Join(env.Client.Notify(t.Context(), "parcels.find", 7), env.Client.Notify(t.Context(), "parcels.find", "x")); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() error {
		if a, b := impl1.finds.Load(), impl2.finds.Load(); a != 50 || b != 50 {
			return fmt.Errorf("%d and %d ran at the versions that they fit, want 50 and 50", a, b)
		}
		return nil
	})
}

func TestWhenAnInstanceThatFitsIsGoneAnotherTakesItsCalls(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	heliumtest.Serve(env, "parcels", new(parcels2))
	heliumtest.Serve(env, "parcels", new(parcels1))
	// Killed: the registry lists it until its lease ends.
	nc := env.Conn("killed")
	killed := rpcserver.New(nc, rpcserver.Config{Logger: quiet})
	if err := rpcserver.Register(killed, "parcels", new(parcels1)); err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = killed.Shutdown(context.Background()) })
	allParcels(t, env.Client)
	knowsInstances(t, env.Client, "parcels", 3)
	nc.Close()
	eventually(t, func() error { // until the broker has noticed
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := env.Client.At(killed.Instance()).Call(ctx, "parcels.find", nil, 1); !errors.Is(err, helium.ErrNoInstance) {
			return fmt.Errorf("a call at the killed instance: %v", err)
		}
		return nil
	})
	before := env.Client.Stats().Fallbacks
	var stub parcelsStub1
	if err := env.Client.Bind("parcels", &stub); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if _, err := stub.Find(7); err != nil {
			t.Fatal(err)
		}
	}
	if more := env.Client.Stats().Fallbacks - before; more > 1 {
		t.Errorf("%d of 200 calls found out that an instance is gone, want it remembered after the first", more)
	}
}

func TestACallThatFitsNoLiveInstanceIsAMismatchAndNotSent(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	serveParcels(t, env, env.Client)
	before := env.Client.Stats().FramesSent
	for _, args := range [][]any{{}, {1, 2, 3}} {
		wantError(t, env.Client.Call(t.Context(), "parcels.find", nil, args...), helium.ErrMismatch, helium.NotExecuted)
	}
	if _, err := rpcclient.Func[func(bool) (string, error)](env.Client, "parcels.find"); !errors.Is(err, helium.ErrMismatch) {
		t.Errorf("a stub that fits no version: %v, want ErrMismatch", err)
	}
	if sent := env.Client.Stats().FramesSent - before; sent > 0 {
		t.Errorf("%d calls were sent, want none", sent)
	}
	// What no version takes, and no client can see, is the server's to refuse, once each.
	checkFailure(t, "find(true)", env.Client.Call(t.Context(), "parcels.find", nil, true), failure{
		is: helium.ErrBadArgument, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"find("},
	})
	// Without a binder that stays so, at once.
	env.Binder.Close()
	began := time.Now()
	wantError(t, env.Client.Call(t.Context(), "parcels.find", nil), helium.ErrMismatch, helium.NotExecuted)
	inTime(t, began, "a mismatch")
}

func TestACallFitsAnInstanceThatCameUnheard(t *testing.T) {
	env, c := deaf(t, once)
	heliumtest.Serve(env, "parcels", new(parcels1))
	if err := c.Call(t.Context(), "parcels.find", nil, 7); err != nil {
		t.Fatal(err)
	}
	heliumtest.Serve(env, "parcels", parcels3{})
	var stub struct {
		Find func(a, b bool) (string, error)
	}
	if err := c.Bind("parcels", &stub); err != nil {
		t.Fatalf("a stub that fits the new instance: %v", err)
	}
	for range 50 {
		if got, err := stub.Find(true, false); err != nil || got != "flags true false" {
			t.Fatalf("Find(true, false) = %q, %v", got, err)
		}
		if err := c.Call(t.Context(), "parcels.find", nil, 7); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnInstanceThatTheRegistryDoesNotKnowMayTakeOtherArguments(t *testing.T) {
	env, c := deaf(t, once)
	heliumtest.Serve(env, "parcels", new(parcels1))
	var stub parcelsStub1
	if err := c.Bind("parcels", &stub); err != nil {
		t.Fatal(err)
	}
	env.Binder.Close()
	serveUnregistered(t, env, "parcels", "helium.call.parcels.only", &onlyParcels{})
	// A third of the calls would reach it, and the first one that does tells.
	for range 200 {
		if got, err := stub.Find(7); err != nil || got != "number 7" {
			t.Fatalf("Find(7) = %q, %v", got, err)
		}
	}
	if s := c.Stats(); s.Fallbacks == 0 || s.Fallbacks > 2 {
		t.Errorf("%d fallbacks, want what the first one found out to be remembered", s.Fallbacks)
	}
	// What its own arguments are wrong for is refused as ever.
	var wide struct {
		Find func(id float64) (string, error)
	}
	if err := c.Bind("parcels", &wide); err != nil {
		t.Fatal(err)
	}
	_, err := wide.Find(1.5)
	wantError(t, err, helium.ErrBadArgument, helium.NotExecuted)
}

// onlyParcels is a version that can be told by a method of its own.
type onlyParcels struct{ parcels2 }

func (*onlyParcels) Only() {}

func TestWithoutPermissionForInstancesACallThatFitsSomeSaysWhatToAllow(t *testing.T) {
	env, nc := newLimitedTo(t, broker.Subjects{Deny: []string{"helium.at.>"}}, broker.Subjects{})
	c := env.NewClientOn(nc, once)
	heliumtest.Serve(env, "parcels", new(parcels1))
	if err := c.Call(t.Context(), "parcels.find", nil, 7); err != nil {
		t.Fatal(err)
	}
	heliumtest.Serve(env, "parcels", parcels3{})
	knowsInstances(t, c, "parcels", 2)
	checkFailure(t, "find", c.Call(t.Context(), "parcels.find", nil, 7), failure{
		is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.NotExecuted, says: []string{"helium.at.parcels.", "parcels.find", "signature"},
	})
}

func TestAnInstanceThatFitsReplacedUnheardIsFound(t *testing.T) {
	env, c := deaf(t, once)
	heliumtest.Serve(env, "parcels", new(parcels2))
	old := heliumtest.Serve(env, "parcels", new(parcels1))
	var stub parcelsStub1
	if err := c.Bind("parcels", &stub); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := stub.Find(7); err != nil {
			t.Fatal(err)
		}
		young := heliumtest.Serve(env, "parcels", new(parcels1))
		if err := old.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		old = young
	}
	if s := c.Stats(); s.Retries > 0 {
		t.Errorf("%d retries, want none", s.Retries)
	}
}

// crates are two versions whose methods read the same, and whose types stand for different
// things.
func crates(version int) rpcserver.Service {
	crate := map[int]string{1: "{id int64}", 2: "{id string}"}[version]
	return rpcserver.Service{
		Name: "crates", Types: map[string]string{"Crate": crate},
		Methods: []rpcserver.Method{{Name: "pack", Signature: "pack(c Crate) int64", Handler: func(_ context.Context, call *rpcserver.Call) error {
			var err error
			if version == 1 {
				var c struct {
					ID int64 `msgpack:"id"`
				}
				err = call.Args.Value(&c)
			} else {
				var c struct {
					ID string `msgpack:"id"`
				}
				err = call.Args.Value(&c)
			}
			if err != nil {
				return call.BadArgument(0, err)
			}
			call.Result.Int(int64(version))
			return nil
		}}},
	}
}

func TestTypesOfTheSameNameAreComparedByWhatTheyStandFor(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	for version := 1; version <= 2; version++ {
		srv := rpcserver.New(env.Conn("server"), rpcserver.Config{Logger: quiet})
		if err := srv.Handle(crates(version)); err != nil {
			t.Fatal(err)
		}
		if err := srv.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
	}
	c := env.Client
	_ = c.Call(t.Context(), "crates.pack", nil, map[string]any{"id": 1})
	knowsInstances(t, c, "crates", 2)
	for range 20 {
		for want, args := range map[int][]any{1: {map[string]any{"id": 7}, struct {
			ID int `json:"id"`
		}{7}}, 2: {map[string]any{"id": "x"}, struct {
			ID string `json:"id"`
		}{"x"}}} {
			for _, arg := range args {
				if got, err := rpcclient.Call[int](t.Context(), c, "crates.pack", arg); err != nil || got != want {
					t.Fatalf("pack(%#v) = %d, %v; want %d", arg, got, err, want)
				}
			}
		}
	}
}

package rpcserver_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// wants checks that an error says all of that, each in a line of its own if it begins
// with a tab.
func wants(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got the error\n%v\nwant in it: %s", err, text)
		}
	}
}

func unstarted(t *testing.T) *rpcserver.Server {
	srv, _ := newWorld(t, broker.Config{}).server(rpcserver.Config{})
	return srv
}

type misfits struct{}

func (misfits) Good(a int) int                   { return a }
func (misfits) Two() (int, string)               { return 0, "" }
func (misfits) LateContext(int, context.Context) {}
func (misfits) Stream(chan int)                  {}

//lint:ignore ST1008 that is what Register must refuse
func (misfits) ErrorFirst() (error, int) { return nil, 0 }
func (misfits) Callback(func())          {}
func (misfits) ID()                      {}
func (misfits) Id()                      {}

//lint:ignore U1000 only exported methods are looked at
func (misfits) private()                              {}
func (misfits) Fine(context.Context, ...string) error { return nil }

func TestRegisterListsEveryFaultAtOnce(t *testing.T) {
	err := rpcserver.Register(unstarted(t), "bad name", misfits{}, rpcserver.Idempotent("good", "nonsense", "two"))
	wants(t, err,
		"bad name",
		"\tTwo func() (int, string): ", "returns 2 values",
		"\tLateContext func(int, context.Context): ", "make it the first",
		"\tStream func(chan int): ",
		"\tErrorFirst func() (error, int): ",
		"\tCallback func(func()): ",
		"\ttwo methods are called \"id\" on the wire; rename one",
		"\tIdempotent(\"nonsense\")",
	)
	for _, innocent := range []string{"Good", "Fine", "private", `"two"): the service`} {
		if strings.Contains(err.Error(), innocent) {
			t.Errorf("the error\n%v\nmentions %s, which is right", err, innocent)
		}
	}
}

type adder struct{ sum int }

func (a *adder) Add(x int) int { a.sum += x; return a.sum }
func (a adder) Get() int       { return a.sum }

type pointerOnly struct{}

func (*pointerOnly) Ping() {}

type nothing struct{}

type wide interface {
	Add(int) int
	Get() int
}

type narrow interface{ Get() int }

type closed interface {
	Get() int
	secret()
}

type closedImpl struct{ adder }

func (closedImpl) secret() {}

func TestRegisterRefusesAndSaysWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		register func(*rpcserver.Server) error
		want     []string
	}{
		"a value whose methods have pointer receivers": {
			func(s *rpcserver.Server) error { return rpcserver.Register(s, "x", pointerOnly{}) },
			[]string{"Ping", "pointer receiver", "hint: pass a pointer"},
		},
		"a value some of whose methods have pointer receivers": {
			func(s *rpcserver.Server) error { return rpcserver.Register(s, "x", adder{}) },
			[]string{"Add", "hint: pass a pointer"},
		},
		"a value without methods": {
			func(s *rpcserver.Server) error { return rpcserver.Register(s, "x", nothing{}) },
			[]string{"no exported methods"},
		},
		"a nil pointer": {
			func(s *rpcserver.Server) error { return rpcserver.Register[*adder](s, "x", nil) },
			[]string{"the implementation is nil", "pass a value"},
		},
		"a nil interface": {
			func(s *rpcserver.Server) error { return rpcserver.Register[wide](s, "x", nil) },
			[]string{"the implementation is nil"},
		},
		"a nil pointer in an interface": {
			func(s *rpcserver.Server) error { return rpcserver.Register[wide](s, "x", (*adder)(nil)) },
			[]string{"the implementation is nil"},
		},
		"an interface with methods that aren't exported": {
			func(s *rpcserver.Server) error { return rpcserver.Register[closed](s, "x", closedImpl{}) },
			[]string{"secret isn't exported"},
		},
		"an option of an unknown method": {
			func(s *rpcserver.Server) error {
				return rpcserver.Register(s, "x", &adder{}, rpcserver.Idempotent("Add"))
			},
			[]string{`Idempotent("Add")`, "names are those on the wire"},
		},
		"the same service twice": {
			func(s *rpcserver.Server) error { return rpcserver.Register(s, "probe", &adder{}) },
			[]string{`"probe" is registered already`, "another name"},
		},
		"a name that can't be a subject": {
			func(s *rpcserver.Server) error { return rpcserver.Register(s, "a.b", &adder{}) },
			[]string{"a.b"},
		},
		"a handler whose signature is another method's": {
			func(s *rpcserver.Server) error {
				return s.Handle(rpcserver.Service{Name: "x", Methods: []rpcserver.Method{
					{Name: "a", Signature: "b()", Handler: func(context.Context, *rpcserver.Call) error { return nil }},
					{Name: "c", Signature: "c()"},
					{Name: "d", Signature: "d(", Handler: func(context.Context, *rpcserver.Call) error { return nil }},
				}})
			},
			[]string{"a: its signature is that of \"b\"", "c: its Handler is nil", "d: "},
		},
	} {
		t.Run(name, func(t *testing.T) { wants(t, c.register(unstarted(t)), c.want...) })
	}
}

func TestAnInterfaceIsTheListOfWhatMayBeCalled(t *testing.T) {
	w, _, _, c := start(t, rpcserver.Config{})
	srv := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet()})
	for _, err := range []error{
		rpcserver.Register[narrow](srv, "narrow", &adder{sum: 5}),
		rpcserver.Register[any](srv, "whole", &adder{}),
		rpcserver.Register(srv, "concrete", &adder{}),
		srv.Start(testContext(t)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	defer srv.Shutdown(context.Background())
	if got, err := rpcclient.Call[int](testContext(t), c, "narrow.get"); got != 5 || err != nil {
		t.Errorf("narrow.get = %v, %v; want 5, nil", got, err)
	}
	if got, err := rpcclient.Call[int](testContext(t), c, "narrow.add", 1); err == nil {
		t.Errorf("narrow.add = %v; want an error, the interface has no Add", got)
	}
	for _, name := range []string{"whole.add", "concrete.add"} {
		if got, err := rpcclient.Call[int](testContext(t), c, name, 3); got != 3 || err != nil {
			t.Errorf("%s(3) = %v, %v; want 3, nil", name, got, err)
		}
	}
	// Past the client's own check, the server has the last word.
	p := w.peer()
	p.send("helium.call.narrow", "1", message(methodFrame(callFrame(1, 1), "add")))
	wantError(t, p.one(), helium.ErrNoMethod)
}

func TestAServiceThatComesAfterStartIsRefused(t *testing.T) {
	_, srv, _, _ := start(t, rpcserver.Config{})
	wants(t, rpcserver.Register(srv, "late", mathsvc.New()), "comes too late", "before Start")
}

func TestAConfigThatCannotWorkIsStartsError(t *testing.T) {
	w := newWorld(t, broker.Config{})
	for _, c := range []struct {
		config rpcserver.Config
		want   string
	}{
		{rpcserver.Config{MaxInFlight: -1}, "MaxInFlight"},
		{rpcserver.Config{Timeout: -1}, "Timeout"},
		{rpcserver.Config{DrainTimeout: -1}, "DrainTimeout"},
		{rpcserver.Config{Prefix: "a b"}, "Prefix"},
		{rpcserver.Config{Interceptors: []rpcserver.Interceptor{nil}}, "Interceptors[0] is nil"},
	} {
		srv := rpcserver.New(w.conn(), c.config)
		if c.config.Interceptors == nil {
			if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
				t.Errorf("%s: Register = %v, want nil: Start says it", c.want, err)
			}
		}
		wants(t, srv.Start(testContext(t)), c.want)
		if err := srv.Shutdown(testContext(t)); err != nil {
			t.Errorf("%s: Shutdown = %v, want nil", c.want, err)
		}
	}
	wants(t, rpcserver.New(nil, rpcserver.Config{}).Start(testContext(t)), "rpcserver.New: the connection is nil; pass one from bus.Connect")
	srv := rpcserver.New(w.conn(), rpcserver.Config{Interceptors: []rpcserver.Interceptor{
		func(rpcserver.Handler) rpcserver.Handler { return nil },
	}})
	wants(t, rpcserver.Register(srv, "math", mathsvc.New()), "Interceptors[0] returned no handler")
}

func TestStartWithoutServicesSaysSo(t *testing.T) {
	srv := rpcserver.New(newWorld(t, broker.Config{}).conn(), rpcserver.Config{})
	wants(t, srv.Start(testContext(t)), "nothing to serve", "Register")
	if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
		t.Errorf("Register after that = %v, want nil", err)
	}
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Errorf("Shutdown before Start = %v, want nil", err)
	}
	if err := srv.Start(testContext(t)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Start after Shutdown = %v, want an error at once", err)
	}
}

// order has fields that callers may leave out.
type order struct {
	Item  string            `msgpack:",omitempty"`
	Notes map[string]string `msgpack:",omitempty"`
	Count int               `msgpack:",omitempty"`
}

type orders struct{ kept []order }

// Take returns what it was given, and keeps it too.
func (o *orders) Take(ctx context.Context, ord order, extra *int) (order, error) {
	if ctx == nil || ctx.Err() != nil {
		return order{}, errors.New("a context that isn't this call's")
	}
	o.kept = append(o.kept, ord)
	if extra != nil {
		ord.Count += *extra
	}
	return ord, nil
}

func TestACallSeesNothingOfTheArgumentsOfTheOneBefore(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv, _ := w.server(rpcserver.Config{})
	service := new(orders)
	if err := rpcserver.Register(srv, "orders", service); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	c := w.client(rpcclient.Config{})
	for i, test := range []struct {
		order map[string]any
		extra any
		want  order
	}{
		{map[string]any{"Item": "tea", "Count": 2, "Notes": map[string]string{"k": "v"}}, 5, order{"tea", map[string]string{"k": "v"}, 7}},
		{map[string]any{"Item": "salt"}, nil, order{"salt", nil, 0}},
		{map[string]any{"Notes": map[string]string{"n": "w"}}, 1, order{"", map[string]string{"n": "w"}, 1}},
	} {
		got, err := rpcclient.Call[order](testContext(t), c, "orders.take", test.order, test.extra)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("call %d: got %+v, %v; want %+v", i+1, got, err, test.want)
		}
	}
	if kept := service.kept[0]; kept.Item != "tea" || kept.Count != 2 || kept.Notes["k"] != "v" {
		t.Errorf("what the first call kept became %+v", kept)
	}
}

type failing interface {
	error
	Get(ctx context.Context) (int, error)
}

type failure struct{}

func (failure) Error() string                             { return "failure" }
func (failure) Get(context.Context) (int, error)          { return 0, nil }
func (failure) Pair(context.Context) (int, string, error) { return 0, "", nil }

func TestAnErrorIsNoService(t *testing.T) {
	srv := rpcserver.New(nil, rpcserver.Config{})
	for what, err := range map[string]error{
		"an interface that embeds error": rpcserver.Register[failing](srv, "a", failure{}),
		"error itself":                   rpcserver.Register[error](srv, "b", failure{}),
		"a value that is one":            rpcserver.Register(srv, "c", failure{}),
	} {
		if err == nil || !strings.Contains(err.Error(), "a service isn't an error; name an interface without it") {
			t.Errorf("%s: got error %v, want one that says a service isn't an error", what, err)
		}
	}
	if err := rpcserver.Register(srv, "c", failure{}); err == nil || !strings.Contains(err.Error(), "it returns 2 values") {
		t.Errorf("got error %v, want all that is wrong", err)
	}
}

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
	"github.com/helium-rpc/helium/schema"
	"github.com/helium-rpc/helium/signature"
)

// nothing is what is passed where a context belongs.
var nothing context.Context

func TestWhatIsNilIsAnErrorOfTheFirstCallThatCanReturnOne(t *testing.T) {
	env := heliumtest.New(t)
	nc := env.Conn("nil")
	ctx := t.Context()
	registry, err := binder.NewClient(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	headless := new(slog.Logger)
	client := func(config rpcclient.Config) func() error {
		return func() error {
			c, err := rpcclient.New(nc, config)
			if err == nil {
				_ = c.Close()
			}
			return err
		}
	}
	// first returns the error of the first call of a server that has one.
	first := func(nc *nats.Conn, config rpcserver.Config, options ...rpcserver.Option) error {
		srv := rpcserver.New(nc, config)
		if err := rpcserver.Register[mathsvc.Service](srv, "nothing", mathsvc.New(), options...); err != nil {
			return err
		}
		return errors.Join(srv.Start(ctx), srv.Shutdown(ctx))
	}
	serve := func(config rpcserver.Config, options ...rpcserver.Option) func() error {
		return func() error { return first(nc, config, options...) }
	}
	handle := func(m rpcserver.Method) func() error {
		return func() error {
			m.Name, m.Signature = "m", "m()"
			return rpcserver.New(nc, rpcserver.Config{}).Handle(rpcserver.Service{Name: "nothing", Methods: []rpcserver.Method{m}})
		}
	}
	only := func(_ any, err error) error { return err }
	var (
		noClient *rpcclient.Client
		noServer *rpcserver.Server
		noOption rpcserver.Option
		noMath   *typedMath
		noNATS   *server.Server
	)
	pass := func(next rpcclient.Handler) rpcclient.Handler { return next }
	passServer := func(next rpcserver.Handler) rpcserver.Handler { return next }

	for name, c := range map[string]struct {
		do   func() error
		says string
	}{
		"bus: context":      {func() error { return only(bus.Connect(nothing, bus.Config{})) }, "context is nil"},
		"bus: an option":    {func() error { return only(env.Broker.ConnectWith(ctx, bus.Config{Options: []nats.Option{nil}})) }, "Config.Options[0] is nil"},
		"bus: in process":   {func() error { return only(bus.Connect(ctx, bus.Config{InProcess: noNATS})) }, "Config.InProcess is a nil *server.Server"},
		"bus: a logger":     {func() error { return only(env.Broker.ConnectWith(ctx, bus.Config{Logger: headless})) }, "Config.Logger has no handler"},
		"broker: an option": {func() error { return only(env.Broker.Connect("x", nil)) }, "Config.Options[0] is nil"},
		"broker: context":   {func() error { return only(broker.Start(nothing, broker.Config{})) }, "context is nil"},
		"broker: cluster":   {func() error { return env.Broker.WaitCluster(nothing, 3) }, "context is nil"},
		"broker: a logger":  {func() error { return only(broker.Start(ctx, broker.Config{Logger: headless})) }, "Config.Logger has no handler"},

		"binder: connection":        {func() error { return only(binder.Start(ctx, nil, binder.Config{})) }, "connection is nil"},
		"binder: context":           {func() error { return only(binder.Start(nothing, nc, binder.Config{})) }, "context is nil"},
		"binder: a logger":          {func() error { return only(binder.Start(ctx, nc, binder.Config{Logger: headless})) }, "Config.Logger has no handler"},
		"binder client: connection": {func() error { return only(binder.NewClient(nil, "")) }, "connection is nil"},
		"binder client: register":   {func() error { return only(registry.Register(nothing, binder.Record{Service: "a", Instance: "b"})) }, "context is nil"},
		"binder client: renew":      {func() error { return only(registry.Renew(nothing, "a", "b")) }, "context is nil"},
		"binder client: end":        {func() error { return registry.End(nothing, "a", "b") }, "context is nil"},
		"binder client: lookup":     {func() error { return only(registry.Lookup(nothing, "a")) }, "context is nil"},
		"binder client: by method":  {func() error { return only(registry.LookupMethod(nothing, "a")) }, "context is nil"},
		"binder client: list":       {func() error { return only(registry.List(nothing)) }, "context is nil"},
		"binder client: watch":      {func() error { return only(registry.Watch("", nil)) }, "handle is nil"},

		"client: connection":               {func() error { return only(rpcclient.New(nil, rpcclient.Config{})) }, "connection is nil"},
		"client: an interceptor":           {client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{nil}}), "Config.Interceptors[0] is nil; leave it out"},
		"client: another interceptor":      {client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{pass, nil, pass}}), "Config.Interceptors[1] is nil"},
		"client: an interceptor's handler": {client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{pass, func(rpcclient.Handler) rpcclient.Handler { return nil }}}), "Config.Interceptors[1] returned no handler; return next"},
		"client: a logger":                 {client(rpcclient.Config{Logger: headless}), "Config.Logger has no handler"},
		"no client: Call":                  {func() error { return noClient.Call(ctx, "math.add", nil, 1, 2) }, "client is nil"},
		"no client: Call by type":          {func() error { return only(rpcclient.Call[int](ctx, noClient, "math.add", 1, 2)) }, "client is nil"},
		"no client: Notify":                {func() error { return noClient.Notify(ctx, "math.add") }, "client is nil"},
		"no client: Func":                  {func() error { return only(rpcclient.Func[func() error](nil, "math.add")) }, "client is nil"},
		"no client: Bind":                  {func() error { return noClient.Bind("math", &struct{ Add func() error }{}) }, "client is nil"},
		"no client: At":                    {func() error { return noClient.At("x").Call(ctx, "math.add", nil) }, "client is nil"},
		"no client: generated":             {func() error { return only(mathsvc.NewClient(nil).Add(ctx, 1, 2)) }, "client is nil"},
		"an empty client":                  {func() error { return new(rpcclient.Client).Call(ctx, "math.add", nil) }, "client is nil"},
		"bind: a stub":                     {func() error { return env.Client.Bind("math", nil) }, "wants a pointer"},
		"bind: a nil pointer":              {func() error { return env.Client.Bind("math", (*struct{ Add func() error })(nil)) }, "wants a pointer"},
		"a result that is nowhere":         {func() error { return env.Client.Call(ctx, "math.add", (*int)(nil), 1, 2) }, "pointer that isn't nil"},

		"server: connection":               {func() error { return first(nil, rpcserver.Config{}) }, "connection is nil"},
		"server: an interceptor":           {serve(rpcserver.Config{Interceptors: []rpcserver.Interceptor{nil}}), "Config.Interceptors[0] is nil; leave it out"},
		"server: another interceptor":      {serve(rpcserver.Config{Interceptors: []rpcserver.Interceptor{passServer, nil}}), "Config.Interceptors[1] is nil"},
		"server: an interceptor's handler": {serve(rpcserver.Config{Interceptors: []rpcserver.Interceptor{func(rpcserver.Handler) rpcserver.Handler { return nil }}}), "Config.Interceptors[0] returned no handler; return next"},
		"server: a logger":                 {serve(rpcserver.Config{Logger: headless}), "Config.Logger has no handler"},
		"server: an option":                {serve(rpcserver.Config{}, nil), "option 1 is nil; leave it out"},
		"server: another option":           {serve(rpcserver.Config{}, rpcserver.Idempotent("add"), noOption), "option 2 is nil"},
		"server: a nil interface": {func() error {
			return rpcserver.Register[mathsvc.Service](rpcserver.New(nc, rpcserver.Config{}), "math", nil)
		}, "implementation is nil"},
		"server: a nil pointer": {func() error {
			return rpcserver.Register[mathsvc.Service](rpcserver.New(nc, rpcserver.Config{}), "math", noMath)
		}, "implementation is nil"},
		"server: generated, a nil interface": {func() error { return mathsvc.Register(rpcserver.New(nc, rpcserver.Config{}), "math", nil) }, "is nil"},
		"server: a handler":                  {handle(rpcserver.Method{}), "its Handler is nil"},
		"server: a declared error": {handle(rpcserver.Method{
			Handler: func(context.Context, *rpcserver.Call) error { return nil }, Errors: []*helium.Error{mathsvc.ErrDivisionByZero, nil},
		}), "its Errors[1] is nil"},
		"server: Start's context": {func() error { return rpcserver.New(nc, rpcserver.Config{}).Start(nothing) }, "context is nil"},
		"server: Run's context":   {func() error { return rpcserver.New(nc, rpcserver.Config{}).Run(nothing) }, "context is nil"},
		"no server: Register":     {func() error { return rpcserver.Register[mathsvc.Service](noServer, "math", mathsvc.New()) }, "server is nil"},
		"no server: generated":    {func() error { return mathsvc.Register(nil, "math", mathsvc.New()) }, "server is nil"},
		"no server: Start":        {func() error { return noServer.Start(ctx) }, "server is nil"},
		"no server: Run":          {func() error { return noServer.Run(ctx) }, "server is nil"},
		"an empty server":         {func() error { return new(rpcserver.Server).Start(ctx) }, "server is nil"},

		"schema: a record":        {func() error { return only(schema.Read(nil)) }, "record is nil"},
		"schema: OpenRPC":         {func() error { return only(schema.OpenRPC([]*schema.Service{nil}, schema.Config{})) }, "services[0] is nil"},
		"schema: TypeScript":      {func() error { return only(schema.TypeScript([]*schema.Service{nil}, schema.Config{})) }, "services[0] is nil"},
		"signature: a function":   {func() error { return only(signature.NewTypes().OfFunc("f", nil)) }, "not a function"},
		"signature: a type":       {func() error { return only(signature.NewTypes().OfType(nil)) }, "nil is no Go type"},
		"signature: nothing fits": {func() error { return signature.Fits(nil, nil) }, "nil method"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("it panics: %v; want an error with %q", p, c.says)
				}
			}()
			if err := c.do(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got the error %v, want one with %q", err, c.says)
			}
		})
	}
}

// typedMath is a service whose methods would panic on a nil pointer.
type typedMath struct{ mathsvc.Service }

func TestWhatIsNilAndMayBeDoesNoHarm(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve[mathsvc.Service](env, "math", mathsvc.New())
	ctx := t.Context()

	// A nil context of a call is one without a deadline, whatever the way of calling.
	var sum float64
	add, err := rpcclient.Func[func(context.Context, float64, float64) (float64, error)](env.Client, "math.add")
	if err != nil {
		t.Fatal(err)
	}
	for way, call := range map[string]func() error{
		"Call":      func() error { return env.Client.Call(nothing, "math.add", &sum, 2, 3) },
		"Func":      func() (err error) { sum, err = add(nothing, 2, 3); return err },
		"generated": func() (err error) { sum, err = mathsvc.NewClient(env.Client).Add(nothing, 2, 3); return err },
		"a bare name": func() (err error) {
			sum, err = rpcclient.Call[float64](nothing, env.Client, "add", 2, 3)
			return err
		},
	} {
		sum = 0
		if err := call(); err != nil || sum != 5 {
			t.Errorf("%s with a nil context: %v, %v; want 5, nil", way, sum, err)
		}
	}
	if err := env.Client.Notify(nothing, "math.add", 2, 3); err != nil {
		t.Errorf("Notify with a nil context: %v", err)
	}
	if ctx := helium.WithMetadata(nothing, helium.Metadata{"a": "b"}); helium.SentMetadata(ctx)["a"] != "b" || helium.SentMetadata(nothing) != nil || helium.MetadataFrom(nothing) != nil {
		t.Error("metadata of a nil context: want those that were set, and none without")
	}

	// What can return no error, and what ends something, does nothing.
	var c *rpcclient.Client
	var srv *rpcserver.Server
	if err := errors.Join(c.Close(), srv.Shutdown(ctx), new(rpcserver.Server).Shutdown(nothing)); err != nil {
		t.Errorf("ending what isn't there: %v", err)
	}
	for _, reg := range []*binder.Binder{nil, {}} {
		reg.Close() // deferred before the error of Start is looked at
	}
	for _, b := range []*broker.Broker{nil, {}} {
		b.Close()
	}
	if c.Stats() != (rpcclient.Stats{}) || srv.Stats() != (rpcserver.Stats{}) || srv.Instance() != "" || srv.Warnings() != nil {
		t.Error("a nil client and a nil server have counted something")
	}
	real := rpcserver.New(env.Conn("server"), rpcserver.Config{})
	if err := rpcserver.Register[mathsvc.Service](real, "other", mathsvc.New()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(real.Start(ctx), real.Shutdown(nothing)); err != nil {
		t.Errorf("Shutdown with a nil context: %v", err)
	}
}

func TestAnInterceptorThatPassesNothingOnFailsItsCallAlone(t *testing.T) {
	lose := func(ctx context.Context, call *rpcclient.Invocation) (context.Context, *rpcclient.Invocation) {
		return ctx, call
	}
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Interceptors: []rpcclient.Interceptor{
		func(next rpcclient.Handler) rpcclient.Handler {
			return func(ctx context.Context, call *rpcclient.Invocation) error { return next(lose(ctx, call)) }
		},
	}}})
	heliumtest.Serve[mathsvc.Service](env, "math", mathsvc.New())
	math := mathsvc.NewClient(env.Client)
	call := func() error {
		sum, err := math.Add(t.Context(), 2, 3)
		if err == nil && sum != 5 {
			err = fmt.Errorf("got %v, want 5", sum)
		}
		return err
	}
	if err := call(); err != nil {
		t.Fatal(err)
	}
	lose = func(context.Context, *rpcclient.Invocation) (context.Context, *rpcclient.Invocation) {
		return t.Context(), nil
	}
	if err := call(); !errors.Is(err, helium.ErrInterceptor) || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("without the call: %v, %v; want ErrInterceptor, not executed", err, helium.OutcomeOf(err))
	}
	lose = func(_ context.Context, call *rpcclient.Invocation) (context.Context, *rpcclient.Invocation) {
		return nil, call
	}
	if err := call(); err != nil {
		t.Errorf("without the context: %v", err)
	}
}

// nilErrors returns what Go takes for an error though it is a nil pointer.
type nilErrors struct{}

func (nilErrors) Bare() error    { var e *helium.Error; return e }
func (nilErrors) Wrapped() error { var e *helium.Error; return fmt.Errorf("in vain: %w", e) }

func TestANilErrorPointerIsAnErrorAllTheSame(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "nils", nilErrors{})
	for method, want := range map[string]*helium.Error{
		"nils.bare":    {Code: helium.CodeInternal, Message: "panicked"},
		"nils.wrapped": {Code: helium.CodeUnknown, Message: "in vain"},
	} {
		err := env.Client.Call(t.Context(), method, nil)
		if err == nil || !strings.Contains(err.Error(), want.Message) || helium.CodeOf(err) != want.Code || helium.OutcomeOf(err) != helium.Executed {
			t.Errorf("%s: %v, code %v, outcome %v; want %v with %q, executed", method, err, helium.CodeOf(err), helium.OutcomeOf(err), want.Code, want.Message)
		}
	}
	var none *helium.Error
	if none.Error() == "" || none.Unwrap() != nil || none.Is(errors.New("x")) || helium.CodeOf(none) != helium.CodeUnknown {
		t.Errorf("a nil *helium.Error: %q, code %v", none.Error(), helium.CodeOf(none))
	}
}

package rpcserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// discover asks on a control subject and returns the first answers that come, so many,
// read as strictly as their types are.
func discover[T any](t *testing.T, nc *nats.Conn, subject string, want int) (answers []T) {
	t.Helper()
	inbox, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	defer inbox.Unsubscribe()
	if err := nc.PublishRequest(subject, inbox.Subject, nil); err != nil {
		t.Fatal(err)
	}
	for len(answers) < want {
		msg, err := inbox.NextMsg(patience)
		if err != nil {
			t.Fatalf("%s: %d answers and then %v, want %d", subject, len(answers), err, want)
		}
		if msg.Header.Get("Status") != "" || msg.Header.Get(micro.ErrorHeader) != "" {
			t.Fatalf("%s: got the headers %v, want an answer", subject, msg.Header)
		}
		answers = append(answers, strictly[T](t, msg.Data))
	}
	return answers
}

// strictly decodes what has no other fields than its type, and no null for a list or map.
func strictly[T any](t *testing.T, data []byte) (v T) {
	t.Helper()
	if bytes.Contains(data, []byte("null")) {
		t.Errorf("got %s, want no null in it", data)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("got %s: %v", data, err)
	}
	return v
}

// control returns one of micro's own subjects.
func control(t *testing.T, verb micro.Verb, service, instance string) string {
	t.Helper()
	subject, err := micro.ControlSubject(verb, service, instance)
	if err != nil {
		t.Fatal(err)
	}
	return subject
}

func statsOf(t *testing.T, nc *nats.Conn, srv *rpcserver.Server, service string) micro.Stats {
	t.Helper()
	return discover[micro.Stats](t, nc, control(t, micro.StatsVerb, service, srv.Instance()), 1)[0]
}

func endpoint(t *testing.T, stats micro.Stats, method string) (*micro.EndpointStats, rpcserver.EndpointData) {
	t.Helper()
	i := slices.IndexFunc(stats.Endpoints, func(e *micro.EndpointStats) bool { return e.Name == method })
	if i < 0 {
		t.Fatalf("%s has no endpoint %s", stats.Name, method)
	}
	return stats.Endpoints[i], strictly[rpcserver.EndpointData](t, stats.Endpoints[i].Data)
}

func TestToolsForNATSServicesFindEachInstanceBesideServicesOfOtherKinds(t *testing.T) {
	w, first, _, _ := start(t, rpcserver.Config{Version: "1.2.3", Metadata: map[string]string{"zone": "a"}})
	second := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet()})
	for _, name := range []string{"probe", "math"} {
		if err := rpcserver.Register(second, name, mathsvc.New()); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	defer second.Shutdown(testContext(t))
	others := w.conn()
	other, err := micro.AddService(others, micro.Config{Name: "other", Version: "0.1.0"})
	if err == nil {
		err = others.FlushTimeout(patience) // it can be found from now on
	}
	if err != nil {
		t.Fatal(err)
	}
	defer other.Stop()

	nc := w.conn()
	names := func(subject string, want int) (found []string) {
		for _, p := range discover[micro.Ping](t, nc, subject, want) {
			if p.Type != micro.PingResponseType {
				t.Errorf("%s: type %q, want %q", subject, p.Type, micro.PingResponseType)
			}
			found = append(found, p.Name+" "+p.ID)
		}
		slices.Sort(found)
		return found
	}
	for _, c := range []struct {
		service, instance string
		want              []string
	}{
		{"", "", []string{"math " + second.Instance(), "other " + other.Info().ID, "probe " + first.Instance(), "probe " + second.Instance()}},
		{"probe", "", []string{"probe " + first.Instance(), "probe " + second.Instance()}},
		{"probe", first.Instance(), []string{"probe " + first.Instance()}},
		{"math", "", []string{"math " + second.Instance()}},
		{"other", "", []string{"other " + other.Info().ID}},
	} {
		slices.Sort(c.want)
		if got := names(control(t, micro.PingVerb, c.service, c.instance), len(c.want)); !slices.Equal(got, c.want) {
			t.Errorf("%q %q: got %q, want %q", c.service, c.instance, got, c.want)
		}
	}
	ping := discover[micro.Ping](t, nc, control(t, micro.PingVerb, "probe", first.Instance()), 1)[0]
	if ping.Version != "1.2.3" || ping.Metadata["zone"] != "a" {
		t.Errorf("got version %q and metadata %v, want what Config says", ping.Version, ping.Metadata)
	}
	for _, service := range []string{"nothing", "math"} {
		if _, err := nc.Request(control(t, micro.PingVerb, service, first.Instance()), nil, patience); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("%s of the first instance, which hasn't it: %v, want no responders", service, err)
		}
	}
}

func TestWhatNATSToolsReadOfAServiceIsEnoughToCallIt(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet()})
	err := srv.Handle(rpcserver.Service{
		Name:  "shapes",
		Types: map[string]string{"Point": "{x float64, y float64}"},
		Methods: []rpcserver.Method{{
			Name: "flip", Signature: "flip(p Point) Point", Doc: "Flip swaps x and y.", Idempotent: true,
			Handler: func(_ context.Context, call *rpcserver.Call) error {
				var p struct {
					X float64 `msgpack:"x"`
					Y float64 `msgpack:"y"`
				}
				if err := call.Args.Value(&p); err != nil {
					return call.BadArgument(0, err)
				}
				p.X, p.Y = p.Y, p.X
				call.Result.Value(p)
				return nil
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	defer srv.Shutdown(testContext(t))

	nc := w.conn()
	info := discover[micro.Info](t, nc, control(t, micro.InfoVerb, "shapes", ""), 1)[0]
	if !strings.Contains(info.Description, "helium describe shapes") {
		t.Errorf("got the description %q, want it to say how to know more", info.Description)
	}
	if info.Type != micro.InfoResponseType || info.ID != srv.Instance() || info.Name != "shapes" || info.Version != "0.0.0" {
		t.Errorf("got %+v, want the service's own identity", info)
	}
	if got, want := info.Metadata["helium.type.Point"], "{x float64, y float64}"; got != want {
		t.Errorf("Point is %q in the metadata, want %q", got, want)
	}
	if len(info.Endpoints) != 1 {
		t.Fatalf("got %d endpoints, want 1", len(info.Endpoints))
	}
	e := info.Endpoints[0]
	if e.Name != "flip" || e.Subject != "helium.call.shapes.flip" || e.QueueGroup != "helium" {
		t.Errorf("got the endpoint %+v, want flip on its subject in group helium", e)
	}
	for key, want := range map[string]string{"signature": "flip(p Point) Point", "kind": "call", "idempotent": "true", "doc": "Flip swaps x and y."} {
		if got := e.Metadata[key]; got != want {
			t.Errorf("%s is %q in the endpoint's metadata, want %q", key, got, want)
		}
	}
	answer, err := nc.Request(e.Subject, []byte(`{"p": {"x": 1, "y": 2}}`), patience)
	if err != nil || string(answer.Data) != `{"x":2,"y":1}` {
		t.Errorf("a request to the endpoint's subject = %s, %v; want x and y swapped", answer.Data, err)
	}
}

func TestAVersionThatNATSToolsWouldRefuseStandsInTheMetadata(t *testing.T) {
	for version, want := range map[string]string{
		"":                     "0.0.0",
		"1.2.3":                "1.2.3",
		"1.0.0-rc.1+build.007": "1.0.0-rc.1+build.007",
		"v1.2.3":               "0.0.0",
		"1.2":                  "0.0.0",
		"01.2.3":               "0.0.0",
		"1.2.3-":               "0.0.0",
		"1.2.3-01":             "0.0.0",
		"1.2.3\n":              "0.0.0",
		"tuesday":              "0.0.0",
	} {
		w, srv, _, _ := start(t, rpcserver.Config{Version: version})
		ping := discover[micro.Ping](t, w.conn(), control(t, micro.PingVerb, "probe", srv.Instance()), 1)[0]
		original := version
		if version == "" || version == want {
			original = ""
		}
		if ping.Version != want || ping.Metadata["helium.version"] != original {
			t.Errorf("%q: got version %q, helium.version %q; want %q, %q", version, ping.Version, ping.Metadata["helium.version"], want, original)
		}
	}
}

func TestMonitoringCanBeTurnedOff(t *testing.T) {
	w, srv, _, c := start(t, rpcserver.Config{NoMonitoring: true})
	nc := w.conn()
	for _, subject := range []string{"$SRV.PING", "$SRV.INFO.probe", "$SRV.STATS.probe." + srv.Instance()} {
		if _, err := nc.Request(subject, nil, patience); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("%s: %v, want no responders", subject, err)
		}
	}
	if err := c.Call(testContext(t), "probe.echo", nil, "x"); err != nil {
		t.Errorf("a call: %v, want nil", err)
	}
}

func TestAServerThatMayNotAnswerTheConventionServesAllTheSame(t *testing.T) {
	for name, deny := range map[string][]string{"all": {"$SRV.>"}, "its own": {"$SRV.*.math", "$SRV.*.math.*"}} {
		w := newWorld(t, broker.Config{Users: []broker.User{{Name: "math", Password: "x", Subscribe: broker.Subjects{Deny: deny}}}})
		w.startBinder(binder.Config{})
		nc := w.connectAs(bus.Config{User: "math", Password: "x"})
		var log logBook
		srv := rpcserver.New(nc, rpcserver.Config{Logger: log.logger()})
		if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
			t.Fatal(err)
		}
		if err := srv.Start(testContext(t)); err != nil {
			t.Fatalf("%s denied: Start = %v, want nil", name, err)
		}
		if name == "all" {
			// What is denied once would be denied again after each reconnect.
			if got, want := nc.NumSubscriptions(), subscriptionsWithoutMonitoring(t, w); got != want {
				t.Errorf("%s denied: %d subscriptions, want %d, none of what was denied", name, got, want)
			}
		}
		if got := strings.Count(log.String(), "allow its user to subscribe to $SRV.>"); got != 1 {
			t.Errorf("%s denied: the log says %d times what to allow, want 1: %s", name, got, log.String())
		}
		if got, err := rpcclient.Call[float64](testContext(t), w.client(rpcclient.Config{}), "math.add", 2, 3); got != 5 || err != nil {
			t.Errorf("%s denied: add(2, 3) = %v, %v; want 5, nil", name, got, err)
		}
		if name == "all" {
			if _, err := w.conn().Request("$SRV.PING", nil, patience); !errors.Is(err, nats.ErrNoResponders) {
				t.Errorf("%s denied: a ping of all = %v, want no responders", name, err)
			}
		} else {
			discover[micro.Ping](t, w.conn(), "$SRV.PING", 1)
		}
		if err := srv.Shutdown(testContext(t)); err != nil {
			t.Errorf("%s denied: Shutdown = %v, want nil", name, err)
		}
		if got := nc.NumSubscriptions(); got > 1 { // one is that of nats.go's requests
			t.Errorf("%s denied: %d subscriptions are left, want none", name, got)
		}
	}
}

// subscriptionsWithoutMonitoring returns how many a server of math has that was asked to
// leave monitoring alone.
func subscriptionsWithoutMonitoring(t *testing.T, w *world) int {
	t.Helper()
	nc := w.conn()
	srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet(), NoMonitoring: true})
	if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	defer srv.Shutdown(testContext(t))
	return nc.NumSubscriptions()
}

func TestNobodyCanMakeAServerAnswerWhereNobodyListens(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{})
	nc := w.conn()
	orders, err := nc.SubscribeSync("orders")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest("$SRV.PING", "orders", nil); err != nil {
		t.Fatal(err)
	}
	if err := nc.Publish("$SRV.PING", nil); err != nil {
		t.Fatal(err)
	}
	discover[micro.Ping](t, nc, "$SRV.PING", 1) // comes after what was asked before
	if n, _, _ := orders.Pending(); n != 0 {
		t.Errorf("%d answers on a subject that isn't an inbox, want none", n)
	}
	if got := srv.Stats().BadReplies; got != 1 {
		t.Errorf("BadReplies = %d, want 1", got)
	}
}

func TestAServerThatWasShutDownIsNotFound(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{})
	nc := w.conn()
	discover[micro.Ping](t, nc, "$SRV.PING", 1)
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Request("$SRV.PING", nil, patience); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("after Shutdown a ping = %v, want no responders", err)
	}
}

func TestAnswersThatDoNotFitAMessageAreMadeShorter(t *testing.T) {
	w := newWorld(t, broker.Config{MaxPayload: 16 << 10})
	w.startBinder(binder.Config{MaxRecord: 15 << 10})
	serve := func(name string, methods int, doc string) *rpcserver.Server {
		svc := rpcserver.Service{Name: name}
		for i := range methods {
			method := fmt.Sprintf("m%d", i)
			svc.Methods = append(svc.Methods, rpcserver.Method{
				Name: method, Signature: method + "()", Doc: doc,
				Handler: func(context.Context, *rpcserver.Call) error { return nil },
			})
		}
		srv := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet()})
		if err := srv.Handle(svc); err != nil {
			t.Fatal(err)
		}
		if err := srv.Start(testContext(t)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
		return srv
	}
	nc := w.conn()
	documented := serve("documented", 50, strings.Repeat("d", 200))
	info := discover[micro.Info](t, nc, control(t, micro.InfoVerb, "documented", ""), 1)[0]
	if len(info.Endpoints) != 50 || info.Endpoints[0].Metadata["doc"] != "" || info.Endpoints[0].Metadata["signature"] != "m0()" {
		t.Errorf("got %d endpoints, the first %+v; want 50 with signatures and without docs", len(info.Endpoints), info.Endpoints[0])
	}
	if stats := statsOf(t, nc, documented, "documented"); len(stats.Endpoints) != 50 {
		t.Errorf("got the stats of %d endpoints, want 50", len(stats.Endpoints))
	}
	serve("wide", 150, "")
	answer, err := nc.Request("$SRV.INFO.wide", nil, patience)
	if err != nil || answer.Header.Get(micro.ErrorCodeHeader) != "500" || answer.Header.Get(micro.ErrorHeader) == "" {
		t.Errorf("an answer that can't be made to fit: %v, %v; want an error that says so", answer, err)
	}
}

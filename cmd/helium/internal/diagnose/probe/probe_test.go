package probe_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/heliumtest"
)

const patience = 10 * time.Second

// counter counts the calls that run. What its methods take is as generous as can be.
type counter struct{ ran atomic.Int64 }

func (c *counter) None()                { c.ran.Add(1) }
func (c *counter) One(any)              { c.ran.Add(1) }
func (c *counter) Any(...any)           { c.ran.Add(1) }
func (c *counter) Some(string, ...*int) { c.ran.Add(1) }

func newProber(t *testing.T, nc *nats.Conn) *probe.Prober {
	t.Helper()
	p, err := probe.New(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAProbeReachesTheInstanceAndRunsNothing(t *testing.T) {
	env := heliumtest.New(t)
	c := &counter{}
	srv := heliumtest.Serve(env, "counter", c)
	p := newProber(t, env.Conn("prober"))
	for method, params := range map[string]int{"none": 0, "one": 1, "any": 0, "some": 1} {
		answers := p.Call(t.Context(), patience,
			probe.Target{Subject: p.Subjects().Method("counter", method), Params: params},
			probe.Target{Subject: p.Subjects().MethodAt("counter", srv.Instance(), method), Params: params},
		)
		for _, a := range answers {
			if !a.Well() || a.Instance != srv.Instance() || a.Took <= 0 {
				t.Errorf("%s: %+v (refusal %v); want one of instance %s that is well", method, a, a.Refusal, srv.Instance())
			}
		}
		for _, subject := range []string{p.Subjects().Method("counter", method), p.Subjects().Service("counter")} {
			if there, err := p.Subscribed(t.Context(), subject); !there || err != nil {
				t.Errorf("Subscribed(%s) = %t, %v; want true", subject, there, err)
			}
			if denied, err := p.MayPublish(t.Context(), subject); denied != nil || err != nil {
				t.Errorf("MayPublish(%s) = %v, %v; want neither", subject, denied, err)
			}
		}
	}
	// A call that runs shows that the count counts, and comes after all probes.
	if err := env.Client.At(srv.Instance()).Call(t.Context(), "counter.one", nil, 1); err != nil {
		t.Fatal(err)
	}
	if ran := c.ran.Load(); ran != 1 {
		t.Errorf("%d calls ran, want the one that wasn't a probe", ran)
	}
	if s := srv.Stats(); s.Malformed != 0 {
		t.Errorf("the server counts %d messages that break the protocol, want none", s.Malformed)
	}
}

func TestNobodyIsToldApartFromSilence(t *testing.T) {
	env := heliumtest.New(t)
	nc := env.Conn("silent")
	if _, err := nc.SubscribeSync("helium.call.silent.method"); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	p := newProber(t, env.Conn("prober"))
	nobody := p.Call(t.Context(), patience, probe.Target{Subject: "helium.call.nobody.method"})[0]
	if !errors.Is(nobody.Err, probe.ErrNobody) || nobody.Well() {
		t.Errorf("where nobody subscribes: %+v, want ErrNobody", nobody)
	}
	silent := p.Call(t.Context(), 200*time.Millisecond, probe.Target{Subject: "helium.call.silent.method"})[0]
	if !errors.Is(silent.Err, probe.ErrSilent) || silent.Well() {
		t.Errorf("where somebody says nothing: %+v, want ErrSilent", silent)
	}
	for subject, want := range map[string]bool{"helium.call.nobody.method": false, "helium.call.silent.method": true} {
		if there, err := p.Subscribed(t.Context(), subject); there != want || err != nil {
			t.Errorf("Subscribed(%s) = %t, %v; want %t", subject, there, err, want)
		}
	}
}

func TestASilentTargetHidesNoAnswers(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve(env, "counter", &counter{})
	nc := env.Conn("silent")
	if _, err := nc.SubscribeSync("helium.call.silent.method"); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	prober := env.Conn("prober")
	p := newProber(t, prober)
	targets := []probe.Target{{Subject: "helium.call.silent.method"}}
	const others = 20 // that they answered is forgotten at random, if it is
	for range others {
		targets = append(targets, probe.Target{Subject: p.Subjects().MethodAt("counter", srv.Instance(), "none")})
	}
	// The time is over once all others have answered.
	ctx, over := context.WithCancel(t.Context())
	before := prober.Stats().InMsgs
	var waiting sync.WaitGroup
	waiting.Go(func() {
		for deadline := time.Now().Add(patience); prober.Stats().InMsgs < before+others && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if err := prober.Barrier(over); err != nil { // what has come is dealt with first
			t.Error(err)
			over()
		}
	})
	answers := p.Call(ctx, 2*patience, targets...)
	waiting.Wait()
	for i, a := range answers {
		if want := i > 0; a.Well() != want {
			t.Errorf("target %d: %+v, want well: %t", i, a, want)
		}
	}
}

func TestWhoAnswersWithAResultIsntWell(t *testing.T) {
	env := heliumtest.New(t)
	nc := env.Conn("careless")
	// It answers each call with a result, its time left or not: [2, seq, 0, nil, bin(nil)].
	_, err := nc.Subscribe("helium.call.careless.method", func(msg *nats.Msg) {
		seq := msg.Data[4:13] // after c1 01 95 01: a uint64
		_ = msg.Respond(slices.Concat([]byte{0xc1, 0x01, 0x95, 0x02}, seq, []byte{0x00, 0xc0, 0xc4, 0x01, 0xc0}))
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = nc.Subscribe("helium.call.foreign.method", func(msg *nats.Msg) { _ = msg.Respond([]byte("pardon?")) })
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	p := newProber(t, env.Conn("prober"))
	for service, want := range map[string]string{"careless": "as if the call had run", "foreign": "not a Helium message"} {
		a := p.Call(t.Context(), patience, probe.Target{Subject: "helium.call." + service + ".method"})[0]
		if a.Well() || a.Err == nil || !strings.Contains(a.Err.Error(), want) {
			t.Errorf("%s: %+v, want an error with %q", service, a, want)
		}
	}
}

func TestAMethodThatIsntThereIsRefusedAsSuch(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve(env, "counter", &counter{})
	p := newProber(t, env.Conn("prober"))
	a := p.Call(t.Context(), patience, probe.Target{Subject: p.Subjects().MethodAt("counter", srv.Instance(), "other")})[0]
	if a.Well() || !errors.Is(a.Refusal, helium.ErrNoMethod) {
		t.Errorf("%+v (refusal %v), want ErrNoMethod", a, a.Refusal)
	}
}

func TestWhatIsntPermittedIsKnownAtOnce(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{Logger: slog.New(slog.DiscardHandler), Users: []broker.User{{
		Name: "limited", Password: "secret",
		Publish:   broker.Subjects{Allow: []string{"helium.call.math.add"}},
		Subscribe: broker.Subjects{Allow: []string{"_INBOX.limited.>"}},
	}}}})
	nc, err := env.Broker.ConnectWith(t.Context(), bus.Config{Name: "prober", User: "limited", Password: "secret", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	p := newProber(t, nc)
	for subject, want := range map[string]bool{"helium.call.math.add": true, "helium.call.math.sub": false} {
		if denied, err := p.MayPublish(t.Context(), subject); err != nil || (denied == nil) != want {
			t.Errorf("MayPublish(%s) = %v, %v; want permission: %t", subject, denied, err, want)
		}
	}
	if inbox, denied, err := p.MayReceive(t.Context()); inbox != "_INBOX.limited.>" || denied != nil || err != nil {
		t.Errorf("MayReceive() = %s, %v, %v; want _INBOX.limited.> and permission", inbox, denied, err)
	}
	if denied, err := p.MaySubscribe(t.Context(), "helium.binder.event.*"); denied == nil || err != nil {
		t.Errorf("MaySubscribe(helium.binder.event.*) = %v, %v; want a refusal", denied, err)
	}
}

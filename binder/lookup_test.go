package binder

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
)

func TestARegisteredServiceIsFoundByItsNameAndByItsMethods(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{})
	want := Record{
		Service: "math", Instance: "i1", Version: "1.2.0",
		Methods: []Method{
			{Name: "add", Signature: "add(a float64, b float64) float64", Kind: KindCall, Idempotent: true, Doc: "Add <adds> two & more."},
			{Name: "move", Signature: "move(p Point) Point", Kind: KindCall},
		},
		Types:     map[string]string{"Point": "{x float64, y float64}"},
		Metadata:  map[string]string{"region": "eu"},
		Started:   time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		PerMethod: true,
	}
	lease, err := c.Register(t.Context(), want)
	if err != nil || lease != 30*time.Second {
		t.Fatalf("Register = %v, %v; want 30s", lease, err)
	}
	for name, method := range map[string]string{"math": "", "math.add": "add", "add": "add"} {
		e, err := c.Lookup(t.Context(), name)
		if err != nil {
			t.Fatalf("Lookup(%q): %v", name, err)
		}
		if e.Service != "math" || e.Method != method || e.Omitted != 0 || e.Revision == 0 {
			t.Errorf("Lookup(%q) = %+v, want service math, method %q", name, e, method)
		}
		if !reflect.DeepEqual(e.Records, []Record{want}) {
			t.Errorf("Lookup(%q): records\n got %+v\nwant %+v", name, e.Records, want)
		}
	}
}

func TestALookupOfAMethodFindsOnlyInstancesThatHaveIt(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{})
	register(t, c, record("math", "old", "add"), record("math", "new", "add", "pow"))
	for name, want := range map[string]string{
		"math":     "[math/new math/old]",
		"math.add": "[math/new math/old]",
		"math.pow": "[math/new]",
		"pow":      "[math/new]",
	} {
		e, err := c.Lookup(t.Context(), name)
		if err != nil {
			t.Fatalf("Lookup(%q): %v", name, err)
		}
		if got := instances(e.Records); got != want {
			t.Errorf("Lookup(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestABareNameMeansTheServiceUnlessAMethodIsAskedFor(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{})
	register(t, c, record("sum", "i1", "total"), record("math", "i2", "sum"))
	e, err := c.Lookup(t.Context(), "sum")
	if err != nil || e.Service != "sum" || e.Method != "" {
		t.Errorf("Lookup(sum) = %+v, %v; want the service sum", e, err)
	}
	e, err = c.LookupMethod(t.Context(), "sum")
	if err != nil || e.Service != "math" || e.Method != "sum" {
		t.Errorf("LookupMethod(sum) = %+v, %v; want math.sum", e, err)
	}
}

func TestErrorsOfLookupsTellApartWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{})
	register(t, c, record("math", "i1", "add", "sub"), record("stats", "i2", "add", "mean"))
	for _, test := range []struct {
		name, detail, value string
		methodOnly          bool
		want                *helium.Error
		says                []string
	}{
		{name: "maht", want: helium.ErrUnknownService, detail: "nearest", value: "math", says: []string{`"maht"`, "math"}},
		{name: "Math", want: helium.ErrUnknownService, detail: "nearest", value: "math", says: []string{`"Math"`}},
		{name: "men", want: helium.ErrUnknownService, detail: "nearest", value: "mean", says: []string{"mean"}},
		{name: "maht.add", want: helium.ErrUnknownService, detail: "nearest", value: "math", says: []string{`"maht"`}},
		{name: "zzzzzzzzzz", want: helium.ErrUnknownService, says: []string{"registered are: math, stats"}},
		{name: "math.ad", want: helium.ErrUnknownMethod, detail: "methods", value: "add,sub", says: []string{`"ad"`, "did you mean add", "add, sub"}},
		{name: "math.mean", want: helium.ErrUnknownMethod, detail: "methods", value: "add,sub", says: []string{`"math"`, `"mean"`}},
		{name: "add", want: helium.ErrAmbiguousMethod, detail: "services", value: "math,stats", says: []string{"math, stats", `"math.add"`}},
		{name: "maen", methodOnly: true, want: helium.ErrUnknownMethod, detail: "nearest", value: "mean", says: []string{"mean"}},
		{name: "math", methodOnly: true, want: helium.ErrUnknownMethod, says: []string{`"math"`}},
	} {
		lookup := c.Lookup
		if test.methodOnly {
			lookup = c.LookupMethod
		}
		_, err := lookup(t.Context(), test.name)
		if !errors.Is(err, test.want) {
			t.Errorf("lookup of %q: got %v, want %v", test.name, err, test.want)
			continue
		}
		e := helium.AsError(err)
		if test.detail != "" && e.Details[test.detail] != test.value {
			t.Errorf("lookup of %q: detail %s = %q, want %q", test.name, test.detail, e.Details[test.detail], test.value)
		}
		for _, part := range test.says {
			if !strings.Contains(e.Message, part) {
				t.Errorf("lookup of %q: message %q doesn't say %q", test.name, e.Message, part)
			}
		}
		if e.Outcome != helium.NotExecuted {
			t.Errorf("lookup of %q: outcome %v, want %v", test.name, e.Outcome, helium.NotExecuted)
		}
	}
}

func TestAnEmptyRegistrySaysSo(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{})
	_, err := c.Lookup(t.Context(), "math")
	if !errors.Is(err, helium.ErrUnknownService) || !strings.Contains(err.Error(), "start a server") {
		t.Errorf("got %v, want %v and what to do", err, helium.ErrUnknownService)
	}
}

func TestNoBinderIsKnownAtOnce(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	c := newClient(t, connect(t, b))
	began := time.Now()
	for what, call := range map[string]func(context.Context) error{
		"Register": func(ctx context.Context) error { _, err := c.Register(ctx, record("math", "i1", "add")); return err },
		"Renew":    func(ctx context.Context) error { _, err := c.Renew(ctx, "math", "i1"); return err },
		"End":      func(ctx context.Context) error { return c.End(ctx, "math", "i1") },
		"Lookup":   func(ctx context.Context) error { _, err := c.Lookup(ctx, "math"); return err },
		"List":     func(ctx context.Context) error { _, err := c.List(ctx); return err },
	} {
		err := refusedForCertain(t, func(int) error { return call(t.Context()) })
		if !errors.Is(err, helium.ErrNoBinder) {
			t.Errorf("%s: got %v, want %v", what, err, helium.ErrNoBinder)
		}
	}
	if took := time.Since(began); took > requestTimeout {
		t.Errorf("five refusals took %v, want milliseconds", took)
	}
}

func TestAClosedConnectionIsNotTakenForAMissingBinder(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	nc := connect(t, b)
	c := newClient(t, nc)
	nc.Close()
	if _, err := c.Lookup(t.Context(), "math"); !errors.Is(err, helium.ErrNotConnected) {
		t.Errorf("got %v, want %v", err, helium.ErrNotConnected)
	}
}

func TestAnAnswerThatNeverComesEndsWithTheContext(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	nc := connect(t, b)
	c := newClient(t, nc)
	// It listens where binders do, and says nothing.
	if _, err := nc.SubscribeSync("helium.binder.>"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Lookup(ctx, "math")
	if !errors.Is(err, helium.ErrNoBinderAnswer) || !errors.Is(err, context.DeadlineExceeded) || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("Lookup: got %v (%v), want %v (not executed)", err, helium.OutcomeOf(err), helium.ErrNoBinderAnswer)
	}
	_, err = c.Register(ctx, record("math", "i1", "add"))
	if !errors.Is(err, helium.ErrNoBinderAnswer) || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("Register: got %v (%v), want %v (unknown)", err, helium.OutcomeOf(err), helium.ErrNoBinderAnswer)
	}
}

func TestALostConnectionEndsARequestAtOnce(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Listen: "127.0.0.1:0"})
	c := newClient(t, dial(t, b.URL()))
	c.requests.asker.timeout = patience
	nc := connect(t, b)
	silent, err := nc.SubscribeSync("helium.binder.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() {
		_, err := c.Register(testContext(t), record("math", "i1", "add"))
		answer <- err
	}()
	if _, err := silent.NextMsg(patience); err != nil {
		t.Fatalf("the request didn't come: %v", err)
	}
	b.Close()
	select {
	case err := <-answer:
		if !errors.Is(err, helium.ErrNotConnected) || helium.OutcomeOf(err) != helium.Unknown {
			t.Errorf("got %v (%v), want %v (unknown)", err, helium.OutcomeOf(err), helium.ErrNotConnected)
		}
	case <-time.After(patience / 2):
		t.Error("the request still waits for an answer that can't come")
	}
}

func TestAListOfAnySizeComesInOrder(t *testing.T) {
	t.Parallel()
	b, _, c := world(t, Config{})
	js := streams(t, connect(t, b))
	// 2,000 records of more than 1 KiB do not fit two messages.
	const services, each = 20, 100
	doc := strings.Repeat("d", 1100)
	var want []string
	for s := range services {
		for i := range each {
			r := record(fmt.Sprintf("s%02d", s), fmt.Sprintf("i%03d", i), "add")
			r.Methods[0].Doc = doc
			data, err := r.encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := js.PublishAsync("$KV.helium_registry."+r.key(), data); err != nil {
				t.Fatal(err)
			}
			want = append(want, r.Service+"/"+r.Instance)
		}
	}
	select {
	case <-js.PublishAsyncComplete():
	case <-time.After(patience):
		t.Fatal("the records weren't written in time")
	}
	hears(t, c, len(want))
	got, err := c.List(testContext(t))
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	if instances(got) != fmt.Sprint(want) {
		t.Errorf("List returned %d records, want %d in order", len(got), len(want))
	}
}

func TestRecordsThatDontFitOneAnswerAreCounted(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{MaxPayload: 8 << 10})
	startBinder(t, connect(t, b), Config{})
	c := newClient(t, connect(t, b))
	const all = 10
	for i := range all {
		r := record("math", fmt.Sprintf("i%d", i), "add")
		r.Methods[0].Doc = strings.Repeat("d", 1500)
		register(t, c, r)
	}
	hears(t, c, all)
	e, err := c.Lookup(t.Context(), "math")
	if err != nil {
		t.Fatalf("Lookup: %v", err)
	}
	if len(e.Records) == 0 || e.Omitted == 0 || len(e.Records)+e.Omitted != all {
		t.Errorf("got %d records and %d omitted, want some of each, %d together", len(e.Records), e.Omitted, all)
	}
	if records, err := c.List(t.Context()); err != nil || len(records) != all {
		t.Errorf("List = %d records, %v; want %d", len(records), err, all)
	}
}

package binder

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

// ask sends what no Client of ours would.
func ask(t *testing.T, nc *nats.Conn, subject string, body string) error {
	t.Helper()
	m, err := nc.Request(subject, []byte(body), patience)
	if err != nil {
		t.Fatalf("request on %s: %v", subject, err)
	}
	if e := failureOf(m); e != nil {
		return e
	}
	return nil
}

func body(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestABinderRefusesWhatItCantKeep(t *testing.T) {
	t.Parallel()
	b, _, c := world(t, Config{MaxRecord: 4096})
	nc := connect(t, b)

	badInstance := record("math", "a.b", "add")
	badMethod := record("math", "i1", "a d")
	twice := record("math", "i1", "add", "add")
	noSignature := record("math", "i1", "add")
	noSignature.Methods[0].Signature = "add(a flot64)"
	otherName := record("math", "i1", "add")
	otherName.Methods[0].Signature = "sub()"
	badType := record("math", "i1", "add")
	badType.Types = map[string]string{"Point": "{x"}
	million := `{"service":"math","instance":"i1","methods":[` + strings.Repeat(`{},`, 300_000) + `{}]}`

	for _, test := range []struct {
		why, subject, body string
		want               *helium.Error
	}{
		{"not JSON", "helium.binder.register.math", "\xc1\x01\x02", helium.ErrBadRecord},
		{"an array", "helium.binder.register.math", "[]", helium.ErrBadRecord},
		{"nothing", "helium.binder.register.math", "", helium.ErrBadRecord},
		{"deep", "helium.binder.register.math", strings.Repeat("[", 4000), helium.ErrBadRecord},
		{"no names", "helium.binder.register.math", "{}", helium.ErrBadRegistryName},
		{"a subject that is no name", "helium.binder.register.9", body(t, record("9", "i1", "add")), helium.ErrBadRegistryName},
		{"a bad instance", "helium.binder.register.math", body(t, badInstance), helium.ErrBadRegistryName},
		{"a bad method", "helium.binder.register.math", body(t, badMethod), helium.ErrBadRegistryName},
		{"a method twice", "helium.binder.register.math", body(t, twice), helium.ErrBadRecord},
		{"a signature that can't be read", "helium.binder.register.math", body(t, noSignature), helium.ErrBadRecord},
		{"a signature of another method", "helium.binder.register.math", body(t, otherName), helium.ErrBadRecord},
		{"a type that can't be read", "helium.binder.register.math", body(t, badType), helium.ErrBadRecord},
		{"another service's subject", "helium.binder.register.stats", body(t, record("math", "i1", "add")), helium.ErrWrongSubject},
		{"300,001 methods", "helium.binder.register.math", million, helium.ErrRecordTooLarge},
		{"a renewal of nobody", "helium.binder.renew.math", "", helium.ErrBadRegistryName},
		{"a renewal of no name", "helium.binder.renew.math", `{"instance":"*"}`, helium.ErrBadRegistryName},
		{"a renewal that isn't JSON", "helium.binder.renew.math", "{", helium.ErrBadRequest},
		{"an end of nobody", "helium.binder.end.math", "{}", helium.ErrBadRegistryName},
		{"an end with a number", "helium.binder.end.math", `{"instance":1}`, helium.ErrBadRequest},
		{"a lookup of three names", "helium.binder.lookup.a.b.c", "", helium.ErrBadRegistryName},
		{"a lookup of no name", "helium.binder.lookup.9", "", helium.ErrBadRegistryName},
		{"a lookup that isn't JSON", "helium.binder.lookup.math", "x", helium.ErrBadRequest},
		{"a list that isn't JSON", "helium.binder.list", "x", helium.ErrBadRequest},
	} {
		err := ask(t, nc, test.subject, test.body)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.why, err, test.want)
		}
	}
	if records, err := c.List(t.Context()); err != nil || len(records) != 0 {
		t.Errorf("after all of it the registry holds %v, %v; want nothing", records, err)
	}
}

func TestTheClientRefusesBeforeItSends(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	c := newClient(t, connect(t, b)) // no binder: what is sent ends as helium.ErrNoBinder
	long := record("math", "i1", "add")
	long.Methods[0].Doc = strings.Repeat("d", 2<<20)
	bad := record("math", "i1", "add")
	bad.Methods[0].Signature = "add("
	_, registerBad := c.Register(t.Context(), bad)
	_, registerLong := c.Register(t.Context(), long)
	_, registerName := c.Register(t.Context(), record("ma.th", "i1", "add"))
	_, renewName := c.Renew(t.Context(), "math", "")
	_, lookupName := c.Lookup(t.Context(), "a.b.c")
	_, lookupWild := c.Lookup(t.Context(), ">")
	_, methodName := c.LookupMethod(t.Context(), "a.b")
	_, watchName := c.Watch("*", func(Event) {})
	for what, test := range map[string]struct {
		err  error
		want *helium.Error
	}{
		"a bad signature":      {registerBad, helium.ErrBadRecord},
		"a record of 2 MiB":    {registerLong, helium.ErrRecordTooLarge},
		"a bad service":        {registerName, helium.ErrBadRegistryName},
		"no instance":          {renewName, helium.ErrBadRegistryName},
		"an end of a bad name": {c.End(t.Context(), "", "i1"), helium.ErrBadRegistryName},
		"three names":          {lookupName, helium.ErrBadRegistryName},
		"a wildcard":           {lookupWild, helium.ErrBadRegistryName},
		"a bare name with dot": {methodName, helium.ErrBadRegistryName},
		"a watch of anything":  {watchName, helium.ErrBadRegistryName},
	} {
		if !errors.Is(test.err, test.want) || helium.OutcomeOf(test.err) != helium.NotExecuted {
			t.Errorf("%s: got %v (%v), want %v (not executed)", what, test.err, helium.OutcomeOf(test.err), test.want)
		}
	}
	if _, err := NewClient(nil, ""); err == nil {
		t.Error("NewClient without a connection: got no error")
	}
	if _, err := NewClient(connect(t, b), "a..b"); !errors.Is(err, helium.ErrBadRegistryName) {
		t.Errorf("NewClient with a bad prefix: got %v, want %v", err, helium.ErrBadRegistryName)
	}
}

func TestAFailureCanBeReadByAnyNATSClient(t *testing.T) {
	t.Parallel()
	b, _, _ := world(t, Config{})
	nc := connect(t, b)
	m, err := nc.Request("helium.binder.lookup.math", nil, patience)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Header.Get("Nats-Service-Error-Code"); got != "404" {
		t.Errorf("Nats-Service-Error-Code: got %q, want 404", got)
	}
	if got := m.Header.Get("Nats-Service-Error"); !strings.Contains(got, `"math"`) {
		t.Errorf("Nats-Service-Error: got %q, want one that names math", got)
	}
	var failure struct{ Code, Reason, Message string }
	if err := json.Unmarshal(m.Data, &failure); err != nil || failure.Code != "not_found" || failure.Reason != "binder.unknown_service" {
		t.Errorf("body: got %s (%v), want code not_found, reason binder.unknown_service", m.Data, err)
	}
}

func TestABinderAnswersInboxesOnly(t *testing.T) {
	t.Parallel()
	b, _, c := world(t, Config{})
	nc := connect(t, b)
	register(t, c, record("math", "i1", "add"))
	answers, err := nc.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	victim := "helium.binder.end.stats"
	for subject, body := range map[string]string{
		"helium.binder.lookup.math":   "",
		"helium.binder.lookup.maths":  "",
		"helium.binder.list":          "",
		"helium.binder.end.math":      `{"instance":"i1"}`,
		"helium.binder.register.math": "x",
	} {
		if err := nc.PublishRequest(subject, victim, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	// A request that is answered shows that those before it were looked at.
	for _, subject := range []string{"helium.binder.lookup.math", "helium.binder.list"} {
		if err := ask(t, nc, subject, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Lookup(t.Context(), "math"); err != nil {
		t.Errorf("an end whose answer was to go elsewhere was carried out: %v", err)
	}
	for {
		m, err := answers.NextMsg(50 * time.Millisecond)
		if err != nil {
			break
		}
		if m.Subject == victim {
			t.Errorf("the binder published %q on %s", m.Data, victim)
		}
	}
}

func TestARequestThatPanicsIsItsOwnErrorOnly(t *testing.T) {
	t.Parallel()
	b, _, c := world(t, Config{})
	nc := connect(t, b)
	answers := newResponder(nc, quiet())
	defer answers.close()
	sub, err := nc.Subscribe("broken", func(m *nats.Msg) {
		answers.answer(m, func() ([]byte, error) { panic("a bug") })
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	err = ask(t, nc, "broken", "")
	if helium.CodeOf(err) != helium.CodeInternal || strings.Contains(err.Error(), "a bug") {
		t.Errorf("got %v, want an internal error that doesn't tell", err)
	}
	register(t, c, record("math", "i1", "add"))
}

func TestBytesInTheBucketThatAreNoRecordAreLeftOut(t *testing.T) {
	t.Parallel()
	b, _, c := world(t, Config{})
	register(t, c, record("math", "i1", "add"))
	js := streams(t, connect(t, b))
	for key, value := range map[string]string{
		"math.i2":  "garbage",
		"math.i3":  body(t, record("stats", "i3", "add")), // another's record
		"just-one": "{}",
		"a.b.c":    body(t, record("a", "b", "c")),
	} {
		if _, err := js.Publish(t.Context(), "$KV.helium_registry."+key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	records, err := c.List(t.Context())
	if err != nil || instances(records) != "[math/i1]" {
		t.Errorf("List = %v, %v; want [math/i1]", instances(records), err)
	}
}

func TestABinderThatMayNotSubscribeSaysSo(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Users: []broker.User{{
		Name: "binder", Password: "secret",
		Subscribe: broker.Subjects{Allow: []string{"_INBOX.binder.>"}},
	}}})
	nc := connectWith(t, b, bus.Config{Name: "binder", User: "binder", Password: "secret"})
	_, err := Start(t.Context(), nc, Config{Logger: quiet()})
	if !errors.Is(err, nats.ErrPermissionViolation) {
		t.Fatalf("Start = %v, want an error that matches nats.ErrPermissionViolation", err)
	}
	for _, says := range []string{
		"allowed to subscribe to helium.binder.>",
		`"helium.binder.register.*"`, `"helium.binder.renew.*"`, `"helium.binder.end.*"`, `"helium.binder.list"`, `"helium.binder.lookup.>"`,
	} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("Start = %v, want it to say %s", err, says)
		}
	}
}

func TestWrongConfigsAreRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	nc := connect(t, b)
	for says, config := range map[string]Config{
		"Config.Lease":          {Lease: time.Millisecond},
		"Config.Replicas is -1": {Replicas: -1},
		"Config.Replicas is 2":  {Replicas: 2}, // an even number is worth no more than one fewer
		"Config.Replicas is 4":  {Replicas: 4},
		"Config.Replicas is 7":  {Replicas: 7},
		"Config.MaxRecord":      {MaxRecord: -1},
		"Config.MaxInstances":   {MaxInstances: -1},
		"Config.Prefix":         {Prefix: "a..b"},
	} {
		if _, err := Start(t.Context(), nc, config); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("Start(%+v): got %v, want an error that says %s", config, err, says)
		}
	}
	if _, err := Start(t.Context(), nil, Config{}); err == nil {
		t.Error("Start without a connection: got no error")
	}
}

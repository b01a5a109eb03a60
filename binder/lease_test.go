package binder

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
)

// events collects what a watch or a hook is told.
type events struct {
	mu  sync.Mutex
	all []Event // guarded by mu
}

func (e *events) add(event Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

func (e *events) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := ""
	for _, event := range e.all {
		s += fmt.Sprintf("%s %s/%s;", event.Kind, event.Record.Service, event.Record.Instance)
	}
	return s
}

// is returns an error unless exactly these events came.
func (e *events) is(want string) func() error {
	return func() error {
		if got := e.String(); got != want {
			return fmt.Errorf("events: got %q, want %q", got, want)
		}
		return nil
	}
}

func TestARecordThatIsntRenewedExpires(t *testing.T) {
	t.Parallel()
	const lease = 2 * time.Second
	_, _, c := world(t, Config{Lease: lease})
	var told events
	stop, err := c.Watch("math", told.add)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	lives := record("stats", "lives", "mean")
	renewed := time.Now() // or later
	register(t, c, lives, record("math", "dies", "add"))
	eventually(t, "the record that isn't renewed expires", func() error {
		began := time.Now()
		_, err := c.Renew(testContext(t), "stats", "lives")
		switch {
		case errors.Is(err, helium.ErrUnknownInstance) && time.Since(renewed) >= lease:
			register(t, c, lives) // the machine stood still for a lease
		case errors.Is(err, helium.ErrUnknownInstance):
			t.Fatalf("Renew within the lease: %v", err)
		case err != nil:
			return err
		}
		renewed = began
		records, err := c.List(testContext(t))
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		switch got := instances(records); got {
		case "[stats/lives]", "[]":
			if got == "[]" && time.Since(renewed) < lease {
				t.Fatalf("List = %v within the lease of stats/lives", got)
			}
			return nil
		default:
			return fmt.Errorf("instances: got %v, want [stats/lives]", got)
		}
	})
	eventually(t, "its expiry is told", told.is("registered math/dies;expired math/dies;"))
	err = refusedForCertain(t, func(int) error { _, err := c.Renew(t.Context(), "math", "dies"); return err })
	if !errors.Is(err, helium.ErrUnknownInstance) {
		t.Errorf("renewal of the expired one: got %v, want %v", err, helium.ErrUnknownInstance)
	}
}

func TestARenewalIsNoEventAndAChangeIs(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{})
	var told, others events
	for service, to := range map[string]*events{"math": &told, "stats": &others} {
		stop, err := c.Watch(service, to.add)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
	}
	register(t, c, record("math", "i1", "add"))
	if lease, err := c.Renew(t.Context(), "math", "i1"); err != nil || lease != 30*time.Second {
		t.Errorf("Renew = %v, %v; want 30s", lease, err)
	}
	register(t, c, record("math", "i1", "add")) // once more the same
	register(t, c, record("math", "i1", "add", "sub"))
	if err := c.End(t.Context(), "math", "i1"); err != nil {
		t.Errorf("End: %v", err)
	}
	eventually(t, "registered, changed and ended are told", told.is("registered math/i1;changed math/i1;ended math/i1;"))
	told.mu.Lock()
	defer told.mu.Unlock()
	for i := 1; i < len(told.all); i++ {
		if told.all[i].Revision <= told.all[i-1].Revision {
			t.Errorf("revisions don't grow: %d after %d", told.all[i].Revision, told.all[i-1].Revision)
		}
	}
	if got := len(told.all[1].Record.Methods); got != 2 {
		t.Errorf("the changed record has %d methods, want 2", got)
	}
	if got := others.String(); got != "" {
		t.Errorf("a watch of another service was told %q, want nothing", got)
	}
}

func TestAnEndedInstanceIsGoneAtOnceAndMayEndAgain(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{})
	register(t, c, record("math", "i1", "add"))
	for range 2 {
		if err := c.End(t.Context(), "math", "i1"); err != nil {
			t.Fatalf("End: %v", err)
		}
		if _, err := c.Lookup(t.Context(), "math"); !errors.Is(err, helium.ErrUnknownService) {
			t.Errorf("Lookup: got %v, want %v", err, helium.ErrUnknownService)
		}
	}
	if _, err := c.Renew(t.Context(), "math", "i1"); !errors.Is(err, helium.ErrUnknownInstance) {
		t.Errorf("Renew: got %v, want %v", err, helium.ErrUnknownInstance)
	}
}

func TestARenewalDoesntBringBackWhatEndedElsewhere(t *testing.T) {
	t.Parallel()
	b, _, c := world(t, Config{})
	nc := connect(t, b)
	kv, err := streams(t, nc).KeyValue(t.Context(), "helium_registry")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // in some of them the binder hasn't heard of it yet
		register(t, c, record("math", "i1", "add"))
		if err := kv.Delete(t.Context(), "math.i1"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Renew(t.Context(), "math", "i1"); !errors.Is(err, helium.ErrUnknownInstance) {
			t.Errorf("Renew: got %v, want %v", err, helium.ErrUnknownInstance)
		}
	}
	eventually(t, "the bucket says that it hasn't the record", func() error {
		err := inBucket(nc, "math.i1")()
		if err == nil {
			t.Fatalf("the bucket has the record, want %v", jetstream.ErrKeyNotFound)
		}
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			return nil
		}
		return err
	})
}

func TestTheHookIsToldAndMayBlockOrPanic(t *testing.T) {
	t.Parallel()
	var told events
	release := make(chan struct{})
	_, _, c := world(t, Config{OnEvent: func(e Event) {
		told.add(e)
		<-release
		panic("the hook's own trouble")
	}})
	t.Cleanup(sync.OnceFunc(func() { close(release) })) // before the binder is closed
	register(t, c, record("math", "i1", "add"))
	if err := c.End(t.Context(), "math", "i1"); err != nil {
		t.Fatalf("End while the hook blocks: %v", err)
	}
	eventually(t, "the first event is told", told.is("registered math/i1;"))
	release <- struct{}{}
	eventually(t, "the second comes after the first panicked", told.is("registered math/i1;ended math/i1;"))
}

func TestAWatchThatWasStoppedIsToldNothing(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{})
	var stopped, other events
	stop, err := c.Watch("", stopped.add)
	if err != nil {
		t.Fatal(err)
	}
	stopOther, err := c.Watch("", other.add)
	if err != nil {
		t.Fatal(err)
	}
	defer stopOther()
	stop()
	stop()
	register(t, c, record("math", "i1", "add"))
	eventually(t, "the other watch is told", other.is("registered math/i1;"))
	if got := stopped.String(); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestOfTheSameChangeToldTwiceOneIsNews(t *testing.T) {
	t.Parallel()
	var s sequence
	at := func(kind EventKind, revision uint64) *Event {
		return &Event{Kind: kind, Record: record("math", "i1"), Revision: revision}
	}
	for i, step := range []struct {
		event *Event
		want  bool
	}{
		{at(Registered, 5), true},
		{at(Registered, 5), false}, // another binder says so too
		{at(Changed, 7), true},
		{at(Registered, 5), false}, // a slow one
		{at(Expired, 7), true},     // a record whose loss made no write
		{at(Expired, 7), false},
		{at(Registered, 9), true},
	} {
		if got := s.next(step.event); got != step.want {
			t.Errorf("step %d, %s at %d: got %v, want %v", i, step.event.Kind, step.event.Revision, got, step.want)
		}
	}
}

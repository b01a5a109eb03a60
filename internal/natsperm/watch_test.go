package natsperm_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/natsperm"
)

// patience bounds what is expected to happen soon; only a failing test waits for it.
const patience = time.Minute

// limited returns a connection whose user may publish to "may.>" and subscribe to "my.>".
func limited(t *testing.T) *nats.Conn {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	b, err := broker.Start(t.Context(), broker.Config{Logger: quiet, Users: []broker.User{{
		Name: "limited", Password: "pw",
		Publish:   broker.Subjects{Allow: []string{"may.>"}},
		Subscribe: broker.Subjects{Allow: []string{"my.>"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	nc, err := b.ConnectWith(t.Context(), bus.Config{Name: "limited", User: "limited", Password: "pw", Logger: quiet, Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	return nc
}

// heard collects subjects.
type heard struct {
	mu       sync.Mutex
	subjects []string // guarded by mu
}

func (h *heard) add(subject string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subjects = append(h.subjects, subject)
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.subjects)
}

func (h *heard) publish(err error) bool {
	if subject, ok := natsperm.Publish(err); ok {
		h.add(subject)
	}
	return false
}

func settle(t *testing.T, w *natsperm.Watch) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.Settle(ctx); err != nil {
		t.Fatal(err)
	}
}

func wantNobody(t *testing.T, nc *nats.Conn) {
	t.Helper()
	if natsperm.Listening(nc) {
		t.Error("somebody listens on the connection, want nobody")
	}
}

func TestEveryRefusalIsHeardInOrderByEveryWatchAndByTheHandlerBefore(t *testing.T) {
	nc := limited(t)
	var before, first, second heard
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { before.publish(err) })
	w1 := natsperm.Listen(nc, first.publish)
	w2 := natsperm.Listen(nc, second.publish)
	var want []string
	for i := range 50 {
		subject := fmt.Sprintf("maynot.%d", i)
		want = append(want, subject)
		if err := errors.Join(nc.Publish(subject, nil), nc.Publish("may.do", nil)); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, w2)
	for name, h := range map[string]*heard{"first": &first, "second": &second, "before": &before} {
		if got := h.all(); !slices.Equal(got, want) {
			t.Errorf("%s heard %q, want %q", name, got, want)
		}
	}
	w1.Stop()
	w2.Stop()
	wantNobody(t, nc)
}

func TestWhatAWatchCallsItsOwnStaysWithIt(t *testing.T) {
	nc := limited(t)
	var before, other heard
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { before.publish(err) })
	own := natsperm.Listen(nc, func(err error) bool {
		subject, ok := natsperm.Publish(err)
		return ok && subject == "mine"
	})
	defer own.Stop()
	w := natsperm.Listen(nc, other.publish)
	defer w.Stop()
	if err := errors.Join(nc.Publish("mine", nil), nc.Publish("theirs", nil)); err != nil {
		t.Fatal(err)
	}
	settle(t, w)
	// It is told after the watches.
	for end := time.Now().Add(time.Minute); len(before.all()) == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if got, want := before.all(), []string{"theirs"}; !slices.Equal(got, want) {
		t.Errorf("the handler before heard %q, want %q", got, want)
	}
	if got, want := other.all(), []string{"mine", "theirs"}; !slices.Equal(got, want) {
		t.Errorf("another watch heard %q, want %q", got, want)
	}
}

func TestARefusedSubscriptionIsToldFromARefusedPublish(t *testing.T) {
	nc := limited(t)
	var publish, subscribe heard
	w := natsperm.Listen(nc, func(err error) bool {
		if subject, ok := natsperm.Subscription(err); ok {
			subscribe.add(subject)
		}
		return publish.publish(err)
	})
	defer w.Stop()
	for _, queue := range []string{"", "workers"} {
		if _, err := nc.QueueSubscribeSync("theirs."+queue+"x", queue); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Publish("nowhere", nil); err != nil {
		t.Fatal(err)
	}
	settle(t, w)
	if got, want := subscribe.all(), []string{"theirs.x", "theirs.workersx"}; !slices.Equal(got, want) {
		t.Errorf("refused subscriptions %q, want %q", got, want)
	}
	if got, want := publish.all(), []string{"nowhere"}; !slices.Equal(got, want) {
		t.Errorf("refused publishes %q, want %q", got, want)
	}
	for _, err := range []error{nil, errors.New(`Permissions Violation for Publish to "x"`), nats.ErrPermissionViolation} {
		if subject, ok := natsperm.Publish(err); ok {
			t.Errorf("Publish(%v) = %q, true; want none", err, subject)
		}
	}
}

func TestAWatchAboveAStrangersHandlerLeavesNothingOnceBothAreGone(t *testing.T) {
	nc := limited(t)
	var below, above heard
	w1 := natsperm.Listen(nc, below.publish)
	stranger := nc.ErrorHandler()
	nc.SetErrorHandler(func(nc *nats.Conn, sub *nats.Subscription, err error) { stranger(nc, sub, err) })
	w2 := natsperm.Listen(nc, above.publish)
	if err := nc.Publish("nowhere", nil); err != nil {
		t.Fatal(err)
	}
	settle(t, w1)
	settle(t, w2)
	if a, b := below.all(), above.all(); len(a) != 1 || len(b) != 1 {
		t.Errorf("heard %q below and %q above a stranger's handler, want the refusal in both", a, b)
	}
	w2.Stop()
	wantNobody(t, nc)
	w1.Stop()
	if err := nc.Publish("nowhere", nil); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if a := below.all(); len(a) != 1 {
		t.Errorf("a stopped watch heard %q, want nothing more", a)
	}
}

func TestSettleDoesNotWaitForAnErrorThatIsOld(t *testing.T) {
	nc := limited(t)
	if err := errors.Join(nc.Publish("nowhere", nil), nc.Flush()); err != nil {
		t.Fatal(err)
	}
	w := natsperm.Listen(nc, func(error) bool { return false })
	defer w.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.Settle(ctx); err != nil {
		t.Error(err)
	}
	nc.Close()
	if err := w.Settle(ctx); !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("Settle on a closed connection: %v, want %v", err, nats.ErrConnectionClosed)
	}
}

func TestWhoListensAfterAHandlerThatPassesNothingOnStillHears(t *testing.T) {
	nc := limited(t)
	var below, users, above heard
	early := natsperm.Listen(nc, below.publish)
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { users.publish(err) })
	late := natsperm.Listen(nc, above.publish)
	if err := nc.Publish("nowhere", nil); err != nil {
		t.Fatal(err)
	}
	settle(t, late)
	early.Stop()
	late.Stop()
	wantNobody(t, nc)
	nc.ErrorHandler()(nc, nil, fmt.Errorf(`%w: Permissions Violation for Publish to "again"`, nats.ErrPermissionViolation))
	if a, b, u := below.all(), above.all(), users.all(); len(a) != 0 || len(b) != 1 || !slices.Equal(u, []string{"nowhere", "again"}) {
		t.Errorf("heard %q below the user's handler, %q above and %q by it; want nothing, the refusal, and all", a, b, u)
	}
}

func TestAHandlerThatWasSetLaterStays(t *testing.T) {
	nc := limited(t)
	var early, users heard
	w := natsperm.Listen(nc, early.publish)
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { users.publish(err) })
	w.Stop()
	nc.ErrorHandler()(nc, nil, fmt.Errorf(`%w: Permissions Violation for Publish to "again"`, nats.ErrPermissionViolation))
	if a, u := early.all(), users.all(); len(a) != 0 || !slices.Equal(u, []string{"again"}) {
		t.Errorf("heard %q by a watch that has stopped and %q by the user's handler, want it there alone", a, u)
	}
}

func TestAHandlerGivenToAnotherConnectionTellsNobodyOfTheFirst(t *testing.T) {
	first, second := limited(t), limited(t)
	var mine heard
	w := natsperm.Listen(first, mine.publish)
	defer w.Stop()
	second.SetErrorHandler(first.ErrorHandler())
	theirs := natsperm.Listen(second, func(error) bool { return false })
	defer theirs.Stop()
	if err := second.Publish("nowhere", nil); err != nil {
		t.Fatal(err)
	}
	settle(t, theirs)
	theirs.Stop()
	if err := first.Publish("elsewhere", nil); err != nil {
		t.Fatal(err)
	}
	settle(t, w)
	if got, want := mine.all(), []string{"elsewhere"}; !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
}

func TestAClosedConnectionThatSomebodyListensToIsForgotten(t *testing.T) {
	nc, other := limited(t), limited(t)
	natsperm.Listen(nc, func(error) bool { return false }) // and never stops
	nc.Close()
	natsperm.Listen(other, func(error) bool { return false }).Stop()
	wantNobody(t, nc)
}

package rpcclient_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
)

var (
	errAway = helium.NewError(helium.CodeUnavailable, "test.away", "not now")
	away    = errAway.WithOutcome(helium.NotExecuted)
	cut     = helium.ErrCut.WithOutcome(helium.Unknown)
)

// play has a fake server answer one call's attempts: with each of the errors, then with
// a result. It returns how the call ended and how many attempts came.
func play(t *testing.T, config rpcclient.Config, idempotent bool, errs ...*helium.Error) (attempts int, err error) {
	t.Helper()
	env := heliumtest.NewWith(t, heliumtest.Config{Client: config})
	fake := newFakeServer(t, env, idempotent)
	done := make(chan error, 1)
	go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
	for {
		select {
		case call := <-fake.calls:
			if attempts++; attempts <= len(errs) {
				fake.fail(t, call, errs[attempts-1])
			} else {
				fake.answer(t, call, 1)
			}
		case err := <-done:
			return attempts, err
		case <-time.After(patience):
			t.Fatal("the call doesn't end")
		}
	}
}

func TestACallThatDidNotRunIsTriedThreeTimes(t *testing.T) {
	if attempts, err := play(t, rpcclient.Config{}, false, away, away); err != nil || attempts != 3 {
		t.Errorf("with two refusals: %v after %d attempts, want nil after 3", err, attempts)
	}
	attempts, err := play(t, rpcclient.Config{}, false, away, away, away)
	if !errors.Is(err, errAway) || attempts != 3 || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("with three refusals: %v (%v) after %d attempts, want the refusal, not executed, after 3", err, helium.OutcomeOf(err), attempts)
	}
}

func TestMaxAttemptsSaysHowOften(t *testing.T) {
	if attempts, err := play(t, rpcclient.Config{MaxAttempts: 1}, true, away); !errors.Is(err, errAway) || attempts != 1 {
		t.Errorf("of 1: %v after %d attempts, want the refusal after 1", err, attempts)
	}
	if attempts, err := play(t, rpcclient.Config{MaxAttempts: 4}, false, away, away, away); err != nil || attempts != 4 {
		t.Errorf("of 4: %v after %d attempts, want nil after 4", err, attempts)
	}
}

func TestAnInstanceWithoutTheMethodOnItsOwnSubjectIsTriedAgain(t *testing.T) {
	// No server of Helium's answers so, but a peer may listen to more than it has.
	missing := helium.ErrNoMethod.WithOutcome(helium.NotExecuted)
	if attempts, err := play(t, rpcclient.Config{}, false, missing, missing, missing); err != nil || attempts != 4 {
		t.Errorf("with three refusals: %v after %d messages, want nil after 4: one that went on elsewhere, and three attempts", err, attempts)
	}
	attempts, err := play(t, rpcclient.Config{MaxAttempts: 1}, false, missing, missing)
	if !errors.Is(err, helium.ErrNoMethod) || attempts != 2 || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("with one attempt: %v (%v) after %d messages, want the refusal, not executed, after 2", err, helium.OutcomeOf(err), attempts)
	}
	if attempts, err := play(t, rpcclient.Config{}, true, missing.WithOutcome(helium.Executed)); !errors.Is(err, helium.ErrNoMethod) || attempts != 1 {
		t.Errorf("of the handler's own calling: %v after %d messages, want the refusal after 1", err, attempts)
	}
}

func TestACallThatMayHaveRunIsOnlyTriedAgainIfItIsIdempotent(t *testing.T) {
	attempts, err := play(t, rpcclient.Config{}, false, cut)
	if !errors.Is(err, helium.ErrCut) || attempts != 1 || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("not idempotent: %v (%v) after %d attempts, want the error, unknown, after 1", err, helium.OutcomeOf(err), attempts)
	}
	if attempts, err := play(t, rpcclient.Config{}, true, cut); err != nil || attempts != 2 {
		t.Errorf("idempotent: %v after %d attempts, want nil after 2", err, attempts)
	}
}

func TestTheOutcomeIsThatOfAllAttempts(t *testing.T) {
	attempts, err := play(t, rpcclient.Config{}, true, cut, away, away)
	if !errors.Is(err, errAway) || attempts != 3 || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("%v (%v) after %d attempts; want the last error after 3, and unknown, for the first may have run", err, helium.OutcomeOf(err), attempts)
	}
}

func TestTheHandlersOwnUnavailableIsNotTriedAgain(t *testing.T) {
	attempts, err := play(t, rpcclient.Config{}, true, errAway.WithOutcome(helium.Executed))
	if !errors.Is(err, errAway) || attempts != 1 || helium.OutcomeOf(err) != helium.Executed {
		t.Errorf("%v (%v) after %d attempts, want the error, executed, after 1", err, helium.OutcomeOf(err), attempts)
	}
}

func TestACallCancelledBetweenAttemptsSaysSo(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{MaxAttempts: 20}})
	fake := newFakeServer(t, env, false)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- env.Client.Call(ctx, "fake.do", nil) }()
	for attempt := 1; ; attempt++ {
		select {
		case call := <-fake.calls:
			fake.fail(t, call, away)
			if attempt == 5 { // from here on the pauses are long
				cancel()
			}
			continue
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the call ended with %v, want Canceled", err)
			}
		case <-time.After(patience):
			t.Error("the call doesn't end")
		}
		cancel()
		return
	}
}

func TestAStrugglingServiceIsNotBuriedByRetries(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve(env, "shapes", newShapes())
	if err := env.Client.Call(t.Context(), "shapes.touch", nil); err != nil {
		t.Fatal(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	const calls = 300
	for range calls {
		wantError(t, env.Client.Call(t.Context(), "shapes.touch", nil), helium.ErrNoInstance, helium.NotExecuted)
	}
	s := env.Client.Stats()
	if most := uint64(10 + calls/10); s.Retries < 10 || s.Retries > most {
		t.Errorf("%d retries of %d calls, want 10 to %d", s.Retries, calls, most)
	}
	if want := 1 + calls + s.Retries; s.FramesSent != want {
		t.Errorf("%d calls were sent, want %d: every attempt once", s.FramesSent, want)
	}
}

func TestNobodyListeningIsKnownWithinMilliseconds(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{MaxAttempts: 1, Timeout: time.Minute}})
	srv := heliumtest.Serve(env, "shapes", newShapes())
	if err := env.Client.Call(t.Context(), "shapes.touch", nil); err != nil {
		t.Fatal(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		began := time.Now()
		wantError(t, env.Client.Call(t.Context(), "shapes.touch", nil), helium.ErrNoInstance, helium.NotExecuted)
		inTime(t, began, "failing")
	}
	if s := env.Client.Stats(); s.NoResponders != 20 {
		t.Errorf("%d messages found nobody, want 20", s.NoResponders)
	}
}

func TestAMessageThatFoundNobodyFailsItsOwnCallsOnly(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{MaxAttempts: 1}})
	fake := newFakeServer(t, env, false)
	done := make(chan error, 1)
	// Another call goes first, for this one's message mustn't be number 1.
	go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
	fake.answer(t, within(t, fake.calls, "call"), 1)
	if err := within(t, done, "answer"); err != nil {
		t.Fatal(err)
	}
	go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
	call := within(t, fake.calls, "call")

	// Of no message, of one long gone, and of one that never was.
	for _, token := range []string{"", "+", "+0", "+1", "+zzzzzzzz", "0", "+!"} {
		msg := nats.NewMsg(env.Client.Inbox() + "." + token + "x"[:1-min(1, len(token))])
		msg.Header.Set("Status", "503")
		if err := fake.nc.PublishMsg(msg); err != nil {
			t.Fatal(err)
		}
	}
	statsAre(t, env.Client, func(s rpcclient.Stats) error {
		if s.NoResponders < 7 {
			return errors.New("the messages haven't come yet")
		}
		return nil
	})
	fake.answer(t, call, 1)
	if err := within(t, done, "answer"); err != nil {
		t.Errorf("the call failed with %v", err)
	}
}

func TestACallThatWasRefusedForLoadAfterALongWaitIsMadeAgainElsewhereOnly(t *testing.T) {
	refused := helium.ErrOverloaded.WithOutcome(helium.NotExecuted)
	for _, test := range []struct {
		name    string
		second  string // the method of a second instance; "": there is none
		refusal *helium.Error
		want    int // attempts
	}{
		{"no other instance", "", refused.WithDetail("waited_ms", "50"), 1},
		{"another instance", "do", refused.WithDetail("waited_ms", "50"), 2},
		{"another instance without the method", "be", refused.WithDetail("waited_ms", "50"), 1},
		{"one that didn't wait", "", refused, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := heliumtest.New(t)
			fake := newFakeServer(t, env, false)
			if test.second != "" {
				fake.registerAs(t, "i2", binder.Method{Name: test.second, Signature: test.second + "() int64"})
			}
			done := make(chan error, 1)
			go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
			attempts := 1
			fake.fail(t, within(t, fake.calls, "call"), test.refusal)
			for over := false; !over; {
				select {
				case call := <-fake.calls:
					attempts++
					fake.answer(t, call, 1)
				case err := <-done:
					if over = true; (err != nil) != (test.want == 1) {
						t.Errorf("the call ended with %v after %d attempts", err, attempts)
					}
				}
			}
			if attempts != test.want {
				t.Errorf("%d attempts, want %d", attempts, test.want)
			}
		})
	}
}

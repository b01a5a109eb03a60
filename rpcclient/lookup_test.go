package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestAServiceIsLookedUpOnceAndThenKnown(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	lookups := spyOn(t, env, "helium.binder.lookup.>")

	math := mathsvc.NewClient(env.Client)
	for range 50 {
		if _, err := math.Add(t.Context(), 1, 2); err != nil {
			t.Fatal(err)
		}
		if err := env.Client.Call(t.Context(), "math.sub", nil, 1, 2); err != nil {
			t.Fatal(err)
		}
		if _, err := rpcclient.Func[func(float64, float64) (float64, error)](env.Client, "math.mul"); err != nil {
			t.Fatal(err)
		}
	}
	if got, counted := lookups(), env.Client.Stats().Lookups; got != 1 || counted != 1 {
		t.Errorf("the binder saw %d lookups and the client counted %d, want 1", got, counted)
	}
}

// together makes n calls at once and returns their errors.
func together(n int, call func() error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = call() })
	}
	wg.Wait()
	return errs
}

func TestCallersAtTheSameMomentShareTheFirstLookup(t *testing.T) {
	env := heliumtest.New(t)
	late := newFakeBinder(t, env)
	var begun atomic.Int64
	all := make(chan []error, 1)
	go func() {
		all <- together(100, func() error {
			begun.Add(1)
			return env.Client.Call(t.Context(), "late.do", nil)
		})
	}()
	within(t, late.asked, "lookup")
	eventually(t, func() error {
		if n := begun.Load(); n < 100 {
			return fmt.Errorf("only %d callers are there", n)
		}
		return nil
	})
	close(late.answer)
	for _, err := range within(t, all, "answers") {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := env.Client.Stats().Lookups; got != 1 {
		t.Errorf("100 callers made %d lookups, want 1", got)
	}
}

func TestACallerThatGivesUpDoesNotEndTheLookupOfOthers(t *testing.T) {
	env := heliumtest.New(t)
	late := newFakeBinder(t, env)
	impatient, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- env.Client.Call(impatient, "late.do", nil) }()
	within(t, late.asked, "lookup")
	go func() { second <- env.Client.Call(t.Context(), "late.do", nil) }()

	cancel()
	checkFailure(t, "the cancelled call", within(t, first, "end"), failure{is: context.Canceled, code: helium.CodeCanceled, outcome: helium.NotExecuted})
	close(late.answer)
	if err := within(t, second, "answer"); err != nil {
		t.Errorf("the other call failed: %v", err)
	}
	if got := env.Client.Stats().Lookups; got != 1 {
		t.Errorf("%d lookups, want 1 for both", got)
	}
}

func TestALookupThatIsNotAnsweredKeepsEachCallersDeadline(t *testing.T) {
	for left := 30 * time.Millisecond; !lookupKeepsDeadline(t, left); left *= 2 {
		if left > patience {
			t.Fatalf("no call asked a binder within %v", left)
		}
	}
}

// lookupKeepsDeadline lets one caller of two have so much time. It returns false if that
// may have been over before the binder was asked.
func lookupKeepsDeadline(t *testing.T, left time.Duration) bool {
	t.Helper()
	env := heliumtest.NewWith(t, heliumtest.Config{Client: long})
	late := newFakeBinder(t, env)
	ctx, cancel := context.WithTimeout(t.Context(), left)
	defer cancel()
	began := time.Now()
	impatient, patient := make(chan error, 1), make(chan error, 1)
	go func() { impatient <- env.Client.Call(ctx, "late.do", nil) }()
	select {
	case <-late.asked:
	case <-impatient:
		return false
	}
	if ctx.Err() != nil {
		return false
	}
	go func() { patient <- env.Client.Call(t.Context(), "late.do", nil) }()

	err := within(t, impatient, "end of the call")
	inTime(t, began.Add(left), "giving up")
	checkFailure(t, "the call", err, failure{
		is: helium.ErrDeadline, code: helium.CodeDeadlineExceeded, outcome: helium.NotExecuted, says: []string{"binder"},
	})
	close(late.answer)
	if err := within(t, patient, "answer"); err != nil {
		t.Errorf("the patient call failed: %v", err)
	}
	return true
}

func TestALookupThatIsNotAnsweredKeepsTheClientsTimeout(t *testing.T) {
	env := heliumtest.New(t)
	late := newFakeBinder(t, env) // it never answers
	for timeout := 50 * time.Millisecond; ; timeout *= 2 {
		c := env.NewClient(rpcclient.Config{Timeout: timeout})
		began := time.Now()
		for _, name := range []string{"late.do", "do"} {
			err := c.Call(context.Background(), name, nil)
			checkFailure(t, "a call of "+name, err, failure{code: helium.CodeDeadlineExceeded, outcome: helium.NotExecuted, says: []string{"binder"}})
		}
		inTime(t, began.Add(2*timeout), "giving up")
		if late.wasAsked() {
			return
		}
		if timeout > patience {
			t.Fatalf("the binder wasn't asked within %v", timeout)
		}
	}
}

func TestACallWithMoreTimeThanUsualWaitsForABinderThatTakesLonger(t *testing.T) {
	for _, name := range []string{"late.do", "do"} {
		env := heliumtest.New(t)
		late := newFakeBinder(t, env)
		c := env.NewClient(rpcclient.Config{Timeout: time.Nanosecond})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- c.Call(ctx, name, nil) }()
		within(t, late.asked, "lookup")
		time.Sleep(50 * time.Millisecond) // far more than the client's usual time
		if n := c.Stats().Lookups; n > 2 {
			t.Errorf("%s: %d lookups in 50 ms, want one that is waited for", name, n)
		}
		close(late.answer)
		if err := within(t, done, "call"); err != nil {
			t.Errorf("%s: %v, want nil: the binder answered within the call's time", name, err)
		}
	}
}

func TestWithoutABinderANewServiceFailsAtOnceAndAKnownOneIsServed(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	heliumtest.Serve(env, "shapes", newShapes())
	math := mathsvc.NewClient(env.Client)
	if _, err := math.Add(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	env.Binder.Close()

	for range 100 {
		began := time.Now()
		if _, err := math.Add(t.Context(), 1, 2); err != nil {
			t.Fatalf("a known service: %v", err)
		}
		inTime(t, began, "a call")
	}
	began := time.Now()
	// A method that wasn't called before is known too.
	if err := env.Client.Call(t.Context(), "math.div", nil, 1, 2); err != nil {
		t.Fatalf("another method of a known service: %v", err)
	}
	err := env.Client.Call(t.Context(), "shapes.touch", nil)
	checkFailure(t, "an unknown service", err, failure{is: helium.ErrNoBinder, code: helium.CodeUnavailable, outcome: helium.NotExecuted, says: []string{"binder.Start"}})
	inTime(t, began, "both")

	// A refresh that fails, again and again, takes nothing away.
	for range 3 {
		before := env.Client.Stats().Lookups
		env.Client.Distrust()
		statsAre(t, env.Client, func(s rpcclient.Stats) error {
			if _, err := math.Add(t.Context(), 1, 2); err != nil {
				t.Fatalf("after a refresh that failed: %v", err)
			}
			if s.Lookups == before {
				return errors.New("nothing was looked up")
			}
			return nil
		})
	}
}

func TestWhatIsKnownIsLookedUpAgainAfterAWhile(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	if err := env.Client.Call(t.Context(), "math.add", nil, 1, 2); err != nil {
		t.Fatal(err)
	}
	env.Client.Distrust()
	for range 20 {
		if err := env.Client.Call(t.Context(), "math.add", nil, 1, 2); err != nil {
			t.Fatal(err)
		}
	}
	statsAre(t, env.Client, func(s rpcclient.Stats) error {
		if s.Lookups != 2 {
			return fmt.Errorf("%d lookups, want the first and one more", s.Lookups)
		}
		return nil
	})
}

// adder1 and adder2 are two versions of a service.
type adder1 struct{}

func (adder1) Add(a, b float64) float64 { return a + b }

type adder2 struct{}

func (adder2) Add(a, b, c float64) float64 { return a + b + c }
func (adder2) Double(a float64) float64    { return 2 * a }

func TestEventsOfTheRegistryKeepWhatIsKnownFresh(t *testing.T) {
	env := heliumtest.New(t)
	first := heliumtest.Serve(env, "adder", adder1{})
	c := env.Client
	var old struct {
		Add func(a, b float64) (float64, error)
	}
	if err := c.Bind("adder", &old); err != nil {
		t.Fatal(err)
	}
	if sum, err := old.Add(1, 2); err != nil || sum != 3 {
		t.Fatalf("Add(1, 2) = %v, %v", sum, err)
	}

	second := heliumtest.Serve(env, "adder", adder2{})
	if err := first.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	// No call until then: one that fails would have the client look the service up.
	eventually(t, func() error {
		if known := c.Instances("adder"); len(known) != 1 || known[0] != second.Instance() {
			return fmt.Errorf("the known instances are %v, want the second one", known)
		}
		return nil
	})
	if sum, err := rpcclient.Call[float64](t.Context(), c, "adder.add", 1, 2, 3); err != nil || sum != 6 {
		t.Errorf("add(1, 2, 3) = %v, %v; want 6", sum, err)
	}
	if twice, err := rpcclient.Call[float64](t.Context(), c, "adder.double", 4); err != nil || twice != 8 {
		t.Errorf("double(4) = %v, %v; want 8", twice, err)
	}
	if got := c.Stats().Lookups; got != 1 {
		t.Errorf("%d lookups, want 1: events tell the rest", got)
	}
	if _, err := old.Add(1, 2); !errors.Is(err, helium.ErrMismatch) {
		t.Errorf("a call of the old shape ended with %v, want ErrMismatch", err)
	}
}

func TestTheMethodsOfTheLastInstanceStayKnown(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve(env, "adder", adder1{})
	if err := env.Client.Call(t.Context(), "adder.add", nil, 1, 2); err != nil {
		t.Fatal(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantError(t, env.Client.Call(t.Context(), "adder.add", nil, 1, 2), helium.ErrNoInstance, helium.NotExecuted)
	heliumtest.Serve(env, "adder", adder1{})
	if err := env.Client.Call(t.Context(), "adder.add", nil, 1, 2); err != nil {
		t.Errorf("with an instance again: %v", err)
	}
}

func TestABareNameWorksWhileItIsUnambiguous(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	c := env.Client
	// The event of the service's registration may come late, and puts the name in doubt.
	eventually(t, func() error {
		before := c.Stats().Lookups
		for range 10 {
			if sum, err := rpcclient.Call[int](t.Context(), c, "add", 2, 3); err != nil || sum != 5 {
				t.Fatalf("add(2, 3) = %v, %v; want 5", sum, err)
			}
		}
		if again := c.Stats().Lookups - before; again != 0 {
			return fmt.Errorf("10 calls made %d lookups", again)
		}
		return nil
	})
	heliumtest.Serve(env, "adder", adder1{})
	eventually(t, func() error {
		err := c.Call(t.Context(), "add", nil, 2, 3)
		if !errors.Is(err, helium.ErrAmbiguousMethod) {
			return fmt.Errorf("with two services: %v, want ErrAmbiguous", err)
		}
		return nil
	})
	wantError(t, c.Call(t.Context(), "subtract", nil, 2, 3), helium.ErrUnknownMethod, helium.NotExecuted)
}

func TestABareNameThatWasKnownOutlivesTheBinder(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	nc := env.Conn("client")
	c := env.NewClientOn(nc, rpcclient.Config{})
	if err := c.Call(t.Context(), "add", nil, 2, 3); err != nil {
		t.Fatal(err)
	}
	env.Binder.Close()
	if err := c.Call(t.Context(), "add", nil, 2, 3); err != nil {
		t.Errorf("without a binder: %v", err)
	}
	wantError(t, c.Call(t.Context(), "sub", nil, 2, 3), helium.ErrNoBinder, helium.NotExecuted)
	// After a reconnect the name is in doubt, but there is nobody to ask.
	before := c.Stats().Lookups
	if err := nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if err := c.Call(t.Context(), "add", nil, 2, 3); err != nil {
			return err
		}
		if c.Stats().Lookups == before {
			return errors.New("the name isn't in doubt yet")
		}
		return nil
	})
}

func TestNamesThatDoNotExistLeaveNothingBehind(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	c := env.Client
	if err := c.Call(t.Context(), "math.add", nil, 1, 2); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		for _, name := range []string{fmt.Sprintf("nothing%d.add", i), fmt.Sprintf("math.nothing%d", i), fmt.Sprintf("nothing%d", i)} {
			if err := c.Call(t.Context(), name, nil, 1, 2); err == nil {
				t.Fatalf("a call of %s succeeded", name)
			}
		}
		err := c.At(fmt.Sprintf("gone%d", i)).Call(t.Context(), "math.add", nil, 1, 2)
		wantError(t, err, helium.ErrNoInstance, helium.NotExecuted)
	}
	services, methods, names, instances := c.Known()
	if services != 1 || methods != 1 || names != 0 || instances != 0 {
		t.Errorf("known: %d services, %d methods, %d bare names, %d instances; want 1, 1, 0, 0", services, methods, names, instances)
	}
}

func TestAnInstanceThatLeftIsForgotten(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	other := heliumtest.Serve(env, "math", mathsvc.New())
	c := env.Client
	// The first lookup may come before the binder's own copy has the second instance.
	eventually(t, func() error {
		if err := c.At(other.Instance()).Call(t.Context(), "math.add", nil, 1, 2); err != nil {
			return err
		}
		if _, methods, _, instances := c.Known(); methods != 1 || instances != 1 {
			return fmt.Errorf("known: %d methods, %d instances; want 1 and 1", methods, instances)
		}
		return nil
	})
	if err := other.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if _, methods, _, instances := c.Known(); methods != 0 || instances != 0 {
			return fmt.Errorf("known: %d methods, %d instances", methods, instances)
		}
		return nil
	})
}

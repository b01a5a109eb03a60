package rpcclient_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestCallsAtAnInstanceGoToThatOneOnly(t *testing.T) {
	env := heliumtest.New(t)
	first := heliumtest.Serve(env, "counter", new(counter))
	second := heliumtest.Serve(env, "counter", new(counter))
	at := env.Client.At(second.Instance())

	var stub struct{ CountA, CountB func() (int64, error) }
	if err := at.Bind("counter", &stub); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := stub.CountA(); err != nil {
			t.Fatal(err)
		}
		if err := at.Call(t.Context(), "countB", nil); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := first.Stats().Calls, second.Stats().Calls; a != 0 || b != 40 {
		t.Errorf("the instances had %d and %d calls, want 0 and 40", a, b)
	}
	// They share messages, on a subject of the instance's.
	shared := spyOn(t, env, "helium.at.counter."+second.Instance())
	hammerUntil(t, func() bool { return shared() > 0 }, "message of two methods at an instance", func() {
		hammer(t, at, 64, 20, "counter.countA", "counter.countB")
	})
	if a := first.Stats().Calls; a != 0 {
		t.Errorf("the other instance had %d calls, want none", a)
	}
}

func TestAnInstanceThatIsGoneIsNoInstance(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve(env, "math", mathsvc.New())
	other := heliumtest.Serve(env, "math", mathsvc.New())
	math := mathsvc.NewClient(env.Client.At(srv.Instance()))
	if _, err := math.Add(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := math.Add(t.Context(), 1, 2)
	checkFailure(t, "a call at an instance that left", err, failure{
		is: helium.ErrNoInstance, code: helium.CodeUnavailable, outcome: helium.NotExecuted, says: []string{srv.Instance()},
	})
	inTime(t, began, "noticing it")
	if calls := other.Stats().Calls; calls != 0 {
		t.Errorf("the other instance had %d calls, want none", calls)
	}
	err = env.Client.At("not a name").Call(t.Context(), "math.add", nil, 1, 2)
	wantError(t, err, helium.ErrBadName, helium.NotExecuted)
}

func TestACallAtAnInstanceIsCheckedAgainstItsOwnMethods(t *testing.T) {
	env := heliumtest.New(t)
	one := heliumtest.Serve(env, "adder", adder1{})
	two := heliumtest.Serve(env, "adder", adder2{})
	atOne, atTwo := env.Client.At(one.Instance()), env.Client.At(two.Instance())
	eventually(t, func() error { return atTwo.Call(t.Context(), "adder.double", nil, 4) })

	wantError(t, atOne.Call(t.Context(), "adder.add", nil, 1, 2, 3), helium.ErrMismatch, helium.NotExecuted)
	wantError(t, atTwo.Call(t.Context(), "adder.add", nil, 1, 2), helium.ErrMismatch, helium.NotExecuted)
	err := atOne.Call(t.Context(), "adder.double", nil, 4)
	checkFailure(t, "a method of the other instance", err, failure{
		is: helium.ErrUnknownMethod, code: helium.CodeUnimplemented, outcome: helium.NotExecuted, says: []string{one.Instance()},
	})
	for at, args := range map[*rpcclient.Client][]any{atOne: {1, 2}, atTwo: {1, 2, 3}} {
		if err := at.Call(t.Context(), "adder.add", nil, args...); err != nil {
			t.Errorf("add%v: %v", args, err)
		}
	}
	if calls := fmt.Sprint(one.Stats().Calls); calls != "1" {
		t.Errorf("the first instance had %s calls, want 1", calls)
	}
}

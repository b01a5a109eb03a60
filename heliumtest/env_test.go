package heliumtest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
)

func TestAServiceIsCalledWithinOneProcess(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	math := mathsvc.NewClient(env.Client)

	sum, err := math.Add(context.Background(), 2, 3)
	if err != nil || sum != 5 {
		t.Fatalf("Add(2, 3) = %v, %v; want 5, nil", sum, err)
	}
	_, err = math.Div(context.Background(), 1, 0)
	if !errors.Is(err, mathsvc.ErrDivisionByZero) {
		t.Fatalf("Div(1, 0) error = %v, want ErrDivisionByZero", err)
	}
	if e := helium.AsError(err); e.Outcome != helium.Executed || e.Instance == "" {
		t.Errorf("Div(1, 0) error = %+v, want executed, by an instance", e)
	}
}

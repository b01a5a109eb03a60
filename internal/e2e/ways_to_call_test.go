package e2e_test

import (
	"context"
	"errors"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// checkArithmetic calls the service "math" in every way that there is.
func checkArithmetic(t *testing.T, c *rpcclient.Client) {
	t.Helper()
	ctx := testContext(t)
	var stub struct {
		Add, Sub, Mul, Div func(ctx context.Context, a, b float64) (float64, error)
	}
	if err := c.Bind("math", &stub); err != nil {
		t.Fatalf("Bind: %v", err)
	}
	generated := mathsvc.NewClient(c)
	for _, m := range []struct {
		name             string
		generated, bound func(ctx context.Context, a, b float64) (float64, error)
		want             float64
	}{
		{"add", generated.Add, stub.Add, 9}, {"sub", generated.Sub, stub.Sub, 5},
		{"mul", generated.Mul, stub.Mul, 14}, {"div", generated.Div, stub.Div, 3.5},
	} {
		single, err := rpcclient.Func[func(context.Context, float64, float64) (float64, error)](c, "math."+m.name)
		if err != nil {
			t.Fatalf("Func of math.%s: %v", m.name, err)
		}
		named := func(name string) func(context.Context, float64, float64) (float64, error) {
			return func(ctx context.Context, a, b float64) (float64, error) {
				return rpcclient.Call[float64](ctx, c, name, a, b)
			}
		}
		for way, call := range map[string]func(context.Context, float64, float64) (float64, error){
			"generated": m.generated, "bound": m.bound, "function": single,
			"by name": named("math." + m.name), "by bare name": named(m.name),
		} {
			if got, err := call(ctx, 7, 2); err != nil || got != m.want {
				t.Errorf("%s, %s: %s(7, 2) = %v, %v; want %v, nil", way, m.name, m.name, got, err, m.want)
			}
		}
	}
	if _, err := stub.Div(ctx, 1, 0); !errors.Is(err, mathsvc.ErrDivisionByZero) || helium.OutcomeOf(err) != helium.Executed {
		t.Errorf("div(1, 0): error %v, outcome %v; want ErrDivisionByZero, executed", err, helium.OutcomeOf(err))
	}
}

func TestTheWholeSystemWorksInOneProcess(t *testing.T) {
	t.Parallel()
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	checkArithmetic(t, env.Client)
}

func TestTheWholeSystemWorksOverTCP(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	checkArithmetic(t, n.client(rpcclient.Config{}))
}

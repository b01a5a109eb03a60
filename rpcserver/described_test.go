package rpcserver_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

func described(example rpcserver.Example) rpcserver.Service {
	return rpcserver.Service{Name: "math", Methods: []rpcserver.Method{{
		Name: "div", Signature: "div(a float64, b float64) float64",
		Doc: "Div returns a / b.", Idempotent: true,
		Errors: []*helium.Error{mathsvc.ErrDivisionByZero}, Example: example,
		Handler: func(context.Context, *rpcserver.Call) error { return nil },
	}}}
}

func TestTheRegistryTellsWhatAMethodSaysOfItself(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv, _ := w.server(rpcserver.Config{})
	if err := srv.Handle(described(rpcserver.Example{Args: "[1, 4]", Result: "0.25"})); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	registry, err := binder.NewClient(w.conn(), "")
	if err != nil {
		t.Fatal(err)
	}
	entry, err := registry.Lookup(testContext(t), "math.div")
	if err != nil {
		t.Fatal(err)
	}
	got := entry.Records[0].Methods[0]
	want := binder.Method{
		Name: "div", Signature: "div(a float64, b float64) float64", Kind: binder.KindCall,
		Doc: "Div returns a / b.", Idempotent: true,
		Errors:  []binder.MethodError{{Code: "invalid_argument", Reason: "math.division_by_zero", Message: "division by zero"}},
		Example: &binder.Example{Args: json.RawMessage("[1,4]"), Result: json.RawMessage("0.25")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the registry has\n%+v, example %s; want\n%+v, example %s", got, got.Example.Args, want, want.Example.Args)
	}
}

func TestAnExampleThatCanNotBeCalledIsRefused(t *testing.T) {
	for example, text := range map[rpcserver.Example]string{
		{Args: "1, 4"}:                    "div: its Example.Args",
		{Args: `{"a": 1}`}:                "isn't a JSON array",
		{Args: "[1, 4]", Result: "0.25,"}: "div: its Example.Result",
		{Result: "0.25"}:                  "div: its Example.Args",
	} {
		wants(t, unstarted(t).Handle(described(example)), text)
	}
}

package rpcclient_test

import (
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/schema"
)

// places is a service of arrays of fixed lengths.
type places struct{ ran atomic.Int64 }

func (p *places) Move(at [3]float64, _ [4]byte) [3]float64 {
	p.ran.Add(1)
	return at
}

func TestALengthThatAnArrayHasStandsInNoSignatureAndIsTheServicesToCheck(t *testing.T) {
	env := heliumtest.New(t)
	var service places
	heliumtest.Serve(env, "places", &service)
	registry, err := binder.NewClient(env.Conn("registry"), "")
	if err != nil {
		t.Fatal(err)
	}
	records, err := registry.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := records[0].Methods[0].Signature, "move([]float64, bytes) []float64"; got != want {
		t.Errorf("the signature is %q, want %q", got, want)
	}
	services, err := schema.Services(records)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(schema.Result(services[0].Methods[0].Signature))
	if want := `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","items":{"type":"number","format":"double"}}`; err != nil || string(text) != want {
		t.Errorf("the schema of the result is %s, %v; want %s", text, err, want)
	}
	at := []float64{1, 2, 3}
	if _, err := rpcclient.Call[[]float64](t.Context(), env.Client, "places.move", at, []byte("here")); err != nil || service.ran.Load() != 1 {
		t.Errorf("with arguments of the right lengths: %v, and it ran %d times; want nil and once", err, service.ran.Load())
	}
	for name, args := range map[string][]any{
		"too short": {at[:2], []byte("here")}, "too long": {append(at, 4), []byte("here")},
		"too few bytes": {at, []byte("her")}, "too many bytes": {at, []byte("heres")},
	} {
		_, err := rpcclient.Call[[]float64](t.Context(), env.Client, "places.move", args...)
		if !errors.Is(err, helium.ErrBadArgument) || helium.OutcomeOf(err) != helium.NotExecuted || helium.CodeOf(err) != helium.CodeInvalidArgument || service.ran.Load() != 1 {
			t.Errorf("%s: %v (%v), and it ran %d times; want helium.ErrBadArgument, not executed", name, err, helium.OutcomeOf(err), service.ran.Load()-1)
		}
	}
}

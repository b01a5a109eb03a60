package gogen_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/gogen"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
)

func TestTypesThatCannotBeImportedAreCalledByTheNamesThatOtherPackagesHaveForThem(t *testing.T) {
	env := heliumtest.New(t)
	generated, reflected := serveCorpus(t, env, corpus.RegisterTints, corpus.NewTints())
	ctx := t.Context()
	red, blue := shared.Tint{Red: 1}, shared.Tint{Blue: 2}
	for _, service := range []string{generated, reflected} {
		var tints corpus.Tints = corpus.NewTintsClientFor(env.Client, service)
		check := func(what string, got any, err error, want any) {
			t.Helper()
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s = %v, %v; want %v", service, what, got, err, want)
			}
		}
		turned, err := tints.Turn(ctx, red, []shared.Tint{blue})
		check("Turn", turned, err, map[string]shared.Tint{"first": red, "last": blue})
		painted, err := tints.Paint(ctx, red)
		check("Paint", painted, err, red)
		shade, err := tints.Darken(ctx, 1, 2, 3)
		check("Darken", shade, err, shared.Shade(6))
		blend, err := tints.Mix(ctx, &shared.Blend{red, blue}, []shared.Tint{red})
		check("Mix", blend, err, shared.Blend{blue, red})
		box, err := tints.Pack(ctx, shared.TintBox{Held: red})
		check("Pack", box, err, shared.TintBox{Held: red})
		for _, pot := range []corpus.Pot{{}, {Name: "p", Tint: red, Pair: shared.Blend{red}, Two: [2]shared.Tint{blue}, Shade: 3}} {
			got, err := tints.Pot(ctx, pot)
			check("Pot", got, err, pot)
		}
		dyed, err := tints.Dye(ctx, corpus.Dyed{Dyed: shared.Dyed{Pair: [1]shared.Tint{red}}})
		check("Dye", dyed, err, corpus.Dyed{Dyed: shared.Dyed{Pair: [1]shared.Tint{red}}})
		unnamed, err := tints.Unnamed(ctx, struct{ T shared.Tint }{red})
		check("Unnamed", unnamed, err, map[string]struct{ S shared.Shade }{"red": {1}})
		stirred, err := gather(tints.Stir(ctx, sending(nil, red, blue)))
		check("Stir", stirred, err, []shared.Tint{red, blue})
	}
}

func TestTypesThatCannotBeNamedAreRefusedWhereTheyStand(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": `package shop

import "github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"

type Stock interface{ shared.Dipped }
`})
	_, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
	var faults gogen.Faults
	if !errors.As(err, &faults) || len(faults) != 2 {
		t.Fatalf("got %v, want two faults", err)
	}
	for i, want := range []string{"Dip: argument 1 (t): kept.Tint is of package ", "Fill: result: kept.Box[kept.Shade] is of package "} {
		if filepath.Base(faults[i].Position.Filename) != "tint.go" || !strings.Contains(faults[i].Problem, want) ||
			!strings.Contains(faults[i].Problem, "shared/internal/kept, which can't be imported here") || !strings.Contains(faults[i].Problem, "use another type, or an alias of it") {
			t.Errorf("got %v, want it in tint.go with %q and what to do", faults[i], want)
		}
	}
}

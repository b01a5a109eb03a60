package gogen_test

import (
	"testing"

	"github.com/helium-rpc/helium/internal/gogen"
)

func TestTheCorpusIsWhatIsGenerated(t *testing.T) {
	for _, config := range []gogen.Config{
		{Type: "Echo"}, {Type: "Service"}, {Type: "Paints"}, {Type: "Flows"}, {Type: "Tints"}, {Type: "Numbers", Service: "number-store"}, {Type: "private", Out: "private_stub.go"},
	} {
		config.Dir = "testdata/corpus"
		file, err := gogen.Generate(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		if fresh, err := file.Fresh(); !fresh || err != nil {
			t.Errorf("%s is stale (%v); run go generate ./internal/gogen/testdata/corpus", file.Path, err)
		}
	}
}

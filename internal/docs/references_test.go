package docs_test

import (
	"testing"

	"github.com/helium-rpc/helium/internal/docs"
)

// elsewhere are files that the documentation names and that aren't here: those of NATS, and
// those of the reader whose stubs are generated.
var elsewhere = []string{"nats.go", "errors.json", "stock_*.go", "_helium.go"}

func TestWhatTheDocumentationNamesExists(t *testing.T) {
	faults, err := docs.Check("../..", "github.com/helium-rpc/helium", elsewhere...)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Errorf("%s:%d: %s", f.File, f.Line, f.What)
	}
}

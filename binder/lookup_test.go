package binder

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestARegisteredServiceIsFoundByItsNameAndByItsMethods(t *testing.T) {
	_, _, c := world(t, Config{})
	want := Record{
		Service: "math", Instance: "i1", Version: "1.2.0",
		Methods: []Method{
			{Name: "add", Signature: "add(a float64, b float64) float64", Kind: KindCall, Idempotent: true, Doc: "Add <adds> two & more."},
			{Name: "move", Signature: "move(p Point) Point", Kind: KindCall},
		},
		Types:     map[string]string{"Point": "{x float64, y float64}"},
		Metadata:  map[string]string{"region": "eu"},
		Started:   time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		PerMethod: true,
	}
	lease, err := c.Register(t.Context(), want)
	if err != nil || lease != 30*time.Second {
		t.Fatalf("Register = %v, %v; want 30s", lease, err)
	}
	for name, method := range map[string]string{"math": "", "math.add": "add", "add": "add"} {
		e, err := c.Lookup(t.Context(), name)
		if err != nil {
			t.Fatalf("Lookup(%q): %v", name, err)
		}
		if e.Service != "math" || e.Method != method || e.Omitted != 0 || e.Revision == 0 {
			t.Errorf("Lookup(%q) = %+v, want service math, method %q", name, e, method)
		}
		if !reflect.DeepEqual(e.Records, []Record{want}) {
			t.Errorf("Lookup(%q): records\n got %+v\nwant %+v", name, e.Records, want)
		}
	}
	if _, err := c.Lookup(t.Context(), "mat"); !errors.Is(err, ErrUnknownService) {
		t.Errorf("Lookup(mat) = %v, want %v", err, ErrUnknownService)
	}
}

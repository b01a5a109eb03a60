package service

import (
	"context"
	"maps"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/helium-rpc/helium/internal/gogen/source"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus"
	"github.com/helium-rpc/helium/signature"
)

// loadCorpus loads package corpus once for all tests.
var loadCorpus = sync.OnceValues(func() (*packages.Package, error) {
	dir, err := filepath.Abs("../testdata/corpus")
	if err != nil {
		return nil, err
	}
	f, err := source.Open(context.Background(), dir, "")
	if err != nil {
		return nil, err
	}
	return f.Check("", nil)
})

func readCorpus(t *testing.T, iface string) *Service {
	t.Helper()
	pkg, err := loadCorpus()
	if err != nil {
		t.Fatal(err)
	}
	svc, err := Read(pkg, iface, "")
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

func TestSignaturesAreThoseOfReflectionAndHaveNames(t *testing.T) {
	for _, tt := range []struct {
		name  string
		iface reflect.Type
	}{
		{"Echo", reflect.TypeFor[corpus.Echo]()},
		{"Service", reflect.TypeFor[corpus.Service]()},
		{"Numbers", reflect.TypeFor[corpus.Numbers]()},
		{"private", reflect.TypeOf(corpus.NewPrivate).Out(0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			svc := readCorpus(t, tt.name)
			want := signature.NewTypes()
			signatures := make(map[string]string)
			for m := range tt.iface.Methods() {
				sig, err := want.OfFunc(signature.WireName(m.Name), m.Type)
				if err != nil {
					t.Fatal(err)
				}
				signatures[sig.Name] = sig.String()
			}
			if !maps.Equal(svc.Types, want.Definitions()) {
				for name, definition := range want.Definitions() {
					if svc.Types[name] != definition {
						t.Errorf("type %s = %q, want %q", name, svc.Types[name], definition)
					}
				}
				t.Errorf("%d types, want %d: got %v", len(svc.Types), len(want.Definitions()), svc.Types)
			}
			if len(svc.Methods) != len(signatures) {
				t.Errorf("%d methods, want %d", len(svc.Methods), len(signatures))
			}
			types, err := signature.ParseTypes(svc.Types)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range svc.Methods {
				sig, err := types.Parse(m.Signature)
				if err != nil {
					t.Errorf("%s: %v", m.Signature, err)
					continue
				}
				for i := range sig.Params {
					sig.Params[i].Name = ""
				}
				if got := sig.String(); got != signatures[m.Wire] {
					t.Errorf("%s: got %s, want %s", m.Wire, got, signatures[m.Wire])
				}
			}
		})
	}
}

func TestSignaturesHaveTheNamesOfTheParameters(t *testing.T) {
	svc := readCorpus(t, "Service")
	want := map[string]string{
		"sum":        "sum(xs ...float64) float64",
		"join":       "join(separator string, words ...string) string",
		"unnamed":    "unnamed(int64, string) string",
		"blank":      "blank(int64, string) string",
		"noContext":  "noContext(a int64, b int64) int64",
		"httpStatus": "httpStatus(map_ map[string]int64, Range int64) int64",
		"pay":        "pay(amount Money) Money",
		"close":      "close()",
	}
	for _, m := range svc.Methods {
		if w, ok := want[m.Wire]; ok && m.Signature != w {
			t.Errorf("got %s, want %s", m.Signature, w)
		}
		delete(want, m.Wire)
	}
	if len(want) > 0 {
		t.Errorf("there is no method for %v", want)
	}
}

func TestMethodsKeepTheOrderOfTheSource(t *testing.T) {
	svc := readCorpus(t, "Service")
	var got []string
	for _, m := range svc.Methods {
		got = append(got, m.Wire)
	}
	want := []string{
		"sum", "join", "path", "widest", "octets", "mixed", "noContext", "noResult", "nothing", "noArguments",
		"unnamed", "blank", "awkward", "httpStatus", "type", "fail", "pay", "close",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCommentsAndDirectivesDescribeMethods(t *testing.T) {
	svc := readCorpus(t, "Service")
	byName := make(map[string]*Method)
	for _, m := range svc.Methods {
		byName[m.Wire] = m
	}
	sum := byName["sum"]
	if want := "Sum adds numbers up.\n\nOf no numbers it is 0:\n\n\tSum() // 0"; sum.Doc != want {
		t.Errorf("the doc of sum is %q, want %q", sum.Doc, want)
	}
	if want := (Example{"[1, 2, 3]", "6"}); !sum.Idempotent || sum.Example != want {
		t.Errorf("sum is idempotent: %v, example %v; want true, %v", sum.Idempotent, sum.Example, want)
	}
	if byName["join"].Idempotent {
		t.Error("join is idempotent, and nothing says so")
	}
	// Of an interface of another package, and of one of the standard library.
	if want := "Pay takes an amount\nand says what is left of it."; byName["pay"].Doc != want {
		t.Errorf("the doc of pay is %q, want %q", byName["pay"].Doc, want)
	}
	if want := "NoArguments has its text behind it."; byName["noArguments"].Doc != want {
		t.Errorf("the doc of noArguments is %q, want %q", byName["noArguments"].Doc, want)
	}
	var errors []string
	for _, e := range append(byName["fail"].Errors, byName["pay"].Errors...) {
		errors = append(errors, e.Pkg().Name()+"."+e.Name())
	}
	if want := []string{"corpus.ErrFirst", "corpus.ErrSecond", "shared.ErrClosed", "shared.ErrClosed"}; !reflect.DeepEqual(errors, want) {
		t.Errorf("fail and pay declare %q, want %q", errors, want)
	}
}

func TestTheNameOfTheServiceComesFromThePackageOrTheInterface(t *testing.T) {
	for _, tt := range []struct{ pkg, iface, want string }{
		{"stockservice", "Service", "stock"},
		{"math", "Service", "math"},
		{"svc", "Service", "svc"},
		{"service", "Service", "service"},
		{"main", "Service", ""},
		{"shop", "Stock", "stock"},
		{"shop", "OrderService", "order"},
		{"shop", "HTTPGate", "httpGate"},
		{"main", "Stock", "stock"},
	} {
		if got := NameOf(tt.pkg, tt.iface); got != tt.want {
			t.Errorf("ServiceName(%q, %q) = %q, want %q", tt.pkg, tt.iface, got, tt.want)
		}
	}
}

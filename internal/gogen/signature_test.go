package gogen

import (
	"context"
	"maps"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus"
	"github.com/helium-rpc/helium/signature"
)

// loadCorpus loads package corpus once for all tests.
var loadCorpus = sync.OnceValues(func() (*packages.Package, error) {
	dir, err := filepath.Abs("testdata/corpus")
	if err != nil {
		return nil, err
	}
	f, err := openFolder(context.Background(), dir, "")
	if err != nil {
		return nil, err
	}
	return f.check("", nil)
})

func readCorpus(t *testing.T, iface string) *service {
	t.Helper()
	pkg, err := loadCorpus()
	if err != nil {
		t.Fatal(err)
	}
	svc, err := readService(pkg, iface, "")
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
			if !maps.Equal(svc.types, want.Definitions()) {
				for name, definition := range want.Definitions() {
					if svc.types[name] != definition {
						t.Errorf("type %s = %q, want %q", name, svc.types[name], definition)
					}
				}
				t.Errorf("%d types, want %d: got %v", len(svc.types), len(want.Definitions()), svc.types)
			}
			if len(svc.methods) != len(signatures) {
				t.Errorf("%d methods, want %d", len(svc.methods), len(signatures))
			}
			types, err := signature.ParseTypes(svc.types)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range svc.methods {
				sig, err := types.Parse(m.signature)
				if err != nil {
					t.Errorf("%s: %v", m.signature, err)
					continue
				}
				for i := range sig.Params {
					sig.Params[i].Name = ""
				}
				if got := sig.String(); got != signatures[m.name] {
					t.Errorf("%s: got %s, want %s", m.name, got, signatures[m.name])
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
	for _, m := range svc.methods {
		if w, ok := want[m.name]; ok && m.signature != w {
			t.Errorf("got %s, want %s", m.signature, w)
		}
		delete(want, m.name)
	}
	if len(want) > 0 {
		t.Errorf("there is no method for %v", want)
	}
}

func TestMethodsKeepTheOrderOfTheSource(t *testing.T) {
	svc := readCorpus(t, "Service")
	var got []string
	for _, m := range svc.methods {
		got = append(got, m.name)
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
	byName := make(map[string]*method)
	for _, m := range svc.methods {
		byName[m.name] = m
	}
	sum := byName["sum"]
	if want := "Sum adds numbers up.\n\nOf no numbers it is 0:\n\n\tSum() // 0"; sum.doc != want {
		t.Errorf("the doc of sum is %q, want %q", sum.doc, want)
	}
	if want := (example{"[1, 2, 3]", "6"}); !sum.idempotent || sum.example != want {
		t.Errorf("sum is idempotent: %v, example %v; want true, %v", sum.idempotent, sum.example, want)
	}
	if byName["join"].idempotent {
		t.Error("join is idempotent, and nothing says so")
	}
	// Of an interface of another package, and of one of the standard library.
	if want := "Pay takes an amount\nand says what is left of it."; byName["pay"].doc != want {
		t.Errorf("the doc of pay is %q, want %q", byName["pay"].doc, want)
	}
	if want := "NoArguments has its text behind it."; byName["noArguments"].doc != want {
		t.Errorf("the doc of noArguments is %q, want %q", byName["noArguments"].doc, want)
	}
	var errors []string
	for _, e := range append(byName["fail"].errors, byName["pay"].errors...) {
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
		if got := ServiceName(tt.pkg, tt.iface); got != tt.want {
			t.Errorf("ServiceName(%q, %q) = %q, want %q", tt.pkg, tt.iface, got, tt.want)
		}
	}
}

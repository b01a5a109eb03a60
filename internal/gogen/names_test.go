package gogen_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/gogen"
)

// awkward is a package whose names are hard on generated code.
const awkward = `package shop

import "context"

// Names of any letters, in upper and lower case.
type N1 interface {
	Put(ctx context.Context, ß int, Ä string, ärger Öl, 世界 []Öl, ſ string, ǅ float64) (Öl, error)
	All(ctx context.Context, ß map[string]Öl, Über ...öl) (*öl, error)
}
type Öl struct {
	Größe int
	Ärger string
	X     öl
	ß     int
	Ü     ärger ` + "`json:\"Ü\"`" + `
}
type öl struct {
	Größe int
	A, B  []string
	S     []struct{ Ä int }
}
type ärger = []ʼn
type ʼn struct{ Ä string }
type ßOrder interface{ Put(ctx context.Context, a ʼn) (Öl, error) }
type ünter interface{ Put(ctx context.Context, a Öl) error }
type Über interface{ Put(ctx context.Context, a Öl) error }
type 世界 interface{ Put(ctx context.Context, a Öl) (map[string]*öl, error) }

// Parameters by the names of all that the code uses.
type Params interface {
	Case(ctx context.Context, a, A int, ab string, aB string, AB string) error
	Locals(ctx context.Context, c int, call int, impl string, err pair, at int, result int, i int, n int, raw int) (int, error)
	Words(ctx context.Context, string int, int string, nil bool, len []int, error float64, context int, rpcserver int, rpcclient []string, errors Öl, strconv int, helium int, any int) (Öl, error)
	Context(c context.Context, ctx int, err int) (int, error)
	Unnamed(context.Context, int, string) (int, error)
	Blank(_ context.Context, _ int, _ string) (int, error)
	Mixed(ctx context.Context, _ int, a1 string, a2 string) (int, error)
	Bare(ctx int) (int, error)
	Types(ctx context.Context, Öl int, pair string) (Öl, error)
	Named(ctx context.Context, x int) (err int, result error)
	Rest(ctx context.Context, _ ...int) error
	Codec(ctx context.Context, w int, r int, v Öl, m int, key string, value string, list int, p int, name int) (Öl, error)
	Functions(ctx context.Context, readParamsPair int, writeParamsPair pair, explainParams pair, paramsTypes pair) (pair, error)
	Type(ctx context.Context) error
	TypeMethod(ctx context.Context) error
	Init(ctx context.Context) error
	Main(ctx context.Context) error
}
type Late interface {
	Put(ctx context.Context, strconv int, errors int8, helium []int) (uint16, error)
}
type pair struct{ A int }

// Types by the names of variables.
type Hidden interface {
	Put(ctx context.Context, a raw, b list, c key, d map[key]value, e *name, f result) (result, error)
	Get(ctx context.Context, i i, n ...n) (call, error)
	All(ctx context.Context, all []err, at at, v map[v]*v, m struct{ P p }) (types, error)
}
type (
	raw    string
	list   []value
	key    string
	value  struct{ N n; Raw raw; Key key; V []v; Lists list }
	name   struct{ Value value; Names []name2 }
	name2  struct{ M map[key]list; P *p }
	result struct{ A raw; B *key; C []raw }
	i      int
	n      uint8
	call   = result
	err    struct{ W w; R r }
	w      float32
	r      bool
	at     int16
	v      string
	p      struct{ A, B i }
	types  map[key]value
)

// Functions and variables of the package by names that the code would like to have.
type Own interface {
	Put(ctx context.Context, a map[string]pair, b []pair) (*pair, error)
}
func min(a, b float64) float64         { return a }
func readOwnPair()                     {}
func writeOwnListOfPair()              {}
func serveOwnPut()                     {}
func ownTypes()                        {}
var ownPutSignature, explainOwn, errors, context_, strconv int

// Interfaces that differ in case only.
type Same interface{ Put(ctx context.Context, a pair) (pair, error) }
type same interface{ Put(ctx context.Context, a pair) (pair, error) }
type SAME interface{ Put(ctx context.Context, a pair) (pair, error) }
type SameItem interface{ Put(ctx context.Context, a []item, b []Item) (item, error) }
type item struct{ A int }
type Item struct{ A int }

type Getters interface {
	GetURL(ctx context.Context) error
	GetUrl(ctx context.Context) error
	Get_url(ctx context.Context) error
}
`

func TestNamesOfAllKindsGiveCodeThatCompiles(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": awkward})
	for i, name := range []string{"N1", "ßOrder", "ünter", "Über", "世界", "Params", "Late", "Hidden", "Own", "Same", "same", "SAME", "SameItem", "Getters"} {
		// Generate type-checks what it returns, together with all that was made before.
		file, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: name, Service: "shop", Out: fmt.Sprintf("stub%d.go", i)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := file.Write(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestANameThatCannotBeOnTheWireIsRefused(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": `package shop

import "context"

type Stock interface {
	Größe(ctx context.Context) (int, error)
	Ärger(ctx context.Context) (int, error)
	Ab(ctx context.Context) (int, error)
	AB(ctx context.Context) (int, error)
	HTTPGet(ctx context.Context) error
	HttpGet(ctx context.Context) error
	` + strings.Repeat("A", 65) + `(ctx context.Context) error
}
type Größe interface{ Get(ctx context.Context) (int, error) }
`})
	for name, wants := range map[string][]string{
		"Stock": {
			`shop.go:6:2: Größe would be "größe" on the wire, and names match ^[A-Za-z]`, `shop.go:7:2: Ärger would be "ärger"`,
			`methods HTTPGet and HttpGet are both called "httpGet" on the wire; rename one`, `would be "` + strings.Repeat("a", 65) + `" on the wire`,
		},
		"Größe": {`"größe" can't be its name`, "name it with --service"},
	} {
		_, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: name})
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got error %v, want one with %q", name, err, want)
			}
		}
	}
	if _, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Größe", Service: "groesse"}); err != nil {
		t.Errorf("with --service: got error %v, want none", err)
	}
}

func TestNamesOfGoItselfThatThePackageHidesAreTold(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": `package shop

import "context"

type Stock interface { Get(ctx context.Context) error }
type string int
func len() {}
`})
	_, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
	for _, want := range []string{"shop.go:6:6: string is declared here and hides Go's own", "shop.go:7:6: len is declared here and hides Go's own"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

func TestTheFileOfAnInterfaceThatDiffersInCaseIsNotWrittenOver(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": `package shop

type Stock interface { Get() (int, error) }
type stock interface { Get() (int, error) }
`})
	file, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Write(); err != nil {
		t.Fatal(err)
	}
	_, err = gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "stock"})
	if want := "is what was generated for the interface Stock; choose another name for that of stock with --out"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
}

package gogen_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/gogen"
)

// newPackage makes a package within this module, whose files have those contents.
func newPackage(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	// In testdata it is out of ./... while it is there.
	if err := os.MkdirAll("testdata", 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("testdata", "package")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// impossible has a fault of each kind, the text of which follows in a comment on its line.
const impossible = `package shop

import (
	"context"
	"iter"
	"unsafe"
)

type broken struct{ A int }

func (broken) MarshalText() ([]byte, error) { return nil, nil }

type secret struct{ hidden int }

type inner int

type Cart struct {
	Done    chan bool // Put: argument 1 (cart), field Cart.Done: chan bool can't travel; use a list
	OnClose func()    // Put: argument 1 (cart), field Cart.OnClose: func() can't travel; pass the name of a method
	inner             // Put: argument 1 (cart), field Cart.inner: an embedded type that isn't exported can't be a field
	A       int
	B       int ` + "`json:\"A\"`" + ` // its wire name "A" is that of field Cart.A too
}

type Stock interface {
	Put(ctx context.Context, cart Cart) error
	Two(a context.Context, b context.Context) error // Two: there are two contexts
	Late(n int, ctx context.Context) error // Late: context.Context is parameter 2; make it the first
	Pair(ctx context.Context) (int, string, error) // Pair: it returns 2 values; return one
	Early(ctx context.Context) (error, int) // Early: result 1 is an error
	Take(ctx context.Context, xs iter.Seq[int]) error // Take: argument 1 (xs): iter.Seq[int] can't travel; use iter.Seq2[T, error]
	Give(ctx context.Context) iter.Seq[int] // Give: result: iter.Seq[int] can't travel; use iter.Seq2[T, error]
	Quiet(ctx context.Context) int // Quiet returns no error
	lower(ctx context.Context) error // lower isn't exported
	Broken(ctx context.Context, b broken) error // MarshalText without UnmarshalText
	Empty(ctx context.Context) (secret, error) // Empty: result: shop.secret has no exported fields
	Complex(ctx context.Context, c complex128) error // use a struct of two floats
	Pointer(ctx context.Context, p unsafe.Pointer, u uintptr) error // memory means nothing to another process
	Reader(ctx context.Context, r interface{ Read([]byte) (int, error) }) error // can't travel, as the reader couldn't know what to make
	Error(ctx context.Context, e error) error // an error can be a method's last result only
	Keys(ctx context.Context, m map[float64]int) error // float64 can't be the key of a map
	ID(ctx context.Context) error
	Id(ctx context.Context) error // methods ID and Id are both called "id" on the wire
	Größe(ctx context.Context) error // names match
	Missing(ctx context.Context, x Missing) error // its type doesn't compile
	//helium:idempotant // there is no directive //helium:idempotant; there are idempotent, error and example
	Typo(ctx context.Context) error
	// helium:idempotent // a directive has no space after the slashes; write //helium:idempotent
	Space(ctx context.Context) error
	//helium:error ErrNone // there is no such variable
	NoError(ctx context.Context) error
	//helium:error plain // its type is error, and an error that callers recognise is a *helium.Error
	Plain(ctx context.Context) error
	//helium:example [1] => 2 // has 1 arguments, want 0
	Example(ctx context.Context) error
	//helium:example 1, 2 // the arguments aren't a JSON array
	Example2(ctx context.Context) error
}

var plain error
`

func TestEverythingThatCannotBeRemoteIsRefusedAtItsPlace(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": impossible})
	_, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
	if err == nil {
		t.Fatal("an impossible interface was generated")
	}
	byLine := make(map[int]string)
	var faults gogen.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v, want Faults", err)
	}
	for _, f := range faults {
		if f.Position.Filename != filepath.Join(dir, "shop.go") || f.Position.Column == 0 {
			t.Errorf("fault at %v, want it in %s with its column", f.Position, dir)
		}
		byLine[f.Position.Line] += f.Problem + "\n"
	}
	for i, line := range strings.Split(impossible, "\n") {
		_, want, ok := cutLast(line, "// ")
		if !ok || strings.HasPrefix(strings.TrimSpace(line), "//") && strings.Count(line, "// ") < 1 {
			if problem := byLine[i+1]; problem != "" {
				t.Errorf("line %d, %s: fault %q, want none", i+1, line, problem)
			}
			continue
		}
		if !strings.Contains(byLine[i+1], want) {
			t.Errorf("line %d, %s: fault %q, want one with %q", i+1, line, byLine[i+1], want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "stock_helium.go")); err == nil {
		t.Error("a file was written")
	}
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

func TestWhatOtherPackagesKeepToThemselvesIsRefused(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": `package shop

import "github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"

type Stock interface{ shared.Vault }
`})
	_, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
	var faults gogen.Faults
	if !errors.As(err, &faults) || len(faults) != 2 {
		t.Fatalf("got %v, want two faults", err)
	}
	for i, want := range []string{"Open: argument 1 (k): shared.key isn't exported by its package", "secret isn't exported; an interface"} {
		if filepath.Base(faults[i].Position.Filename) != "shared.go" || !strings.Contains(faults[i].Problem, want) {
			t.Errorf("got %v, want it in shared.go with %q", faults[i], want)
		}
	}
}

func TestTypesThatAreNoInterfaceOfMethodsAreRefused(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": `package shop

type Stock interface{ Count() (int, error) }
type Generic[T any] interface{ Get() (T, error) }
type Struct struct{}
type Constraint interface{ ~int | ~string }
type Empty interface{}
var Variable int
type Taken interface{ Count() (int, error) }
type TakenClient struct{}
`})
	for typ, want := range map[string]string{
		"Taken":      "shop.go:10:6: TakenClient is declared here, and generated code declares it too",
		"Stok":       "package shop has no type Stok; it has Constraint, Empty, Generic, Stock, Taken",
		"Generic":    "shop.go:4:6: Generic has type parameters",
		"Struct":     "shop.go:5:6: Struct is not an interface",
		"Constraint": "shop.go:6:6: Constraint is a constraint",
		"Empty":      "shop.go:7:6: Empty has no methods",
		"Variable":   "shop.go:8:5: Variable is not a type",
		"shop.Stock": "isn't the name of a Go type",
		"":           "no interface is named",
	} {
		_, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: typ})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--type %q: error %v, want one with %q", typ, err, want)
		}
	}
	for _, config := range []struct {
		gogen.Config
		want string
	}{
		{gogen.Config{Type: "Stock", Out: "../x.go"}, "without a folder"},
		{gogen.Config{Type: "Stock", Out: "x_test.go"}, "isn't a file that Go compiles"},
		{gogen.Config{Type: "Stock", Out: "$(touch x).go"}, "pasted into a shell"},
		{gogen.Config{Type: "Stock", Out: "x.go\npackage y;.go"}, "pasted into a shell"},
		{gogen.Config{Type: "Stock", Out: "shop.go"}, "wasn't generated"},
		{gogen.Config{Type: "Stock", Service: "a.b"}, "can't be the name of a service"},
	} {
		config.Dir = dir
		if _, err := gogen.Generate(t.Context(), config.Config); err == nil || !strings.Contains(err.Error(), config.want) {
			t.Errorf("%+v: error %v, want one with %q", config.Config, err, config.want)
		}
	}
	if _, err := gogen.Generate(t.Context(), gogen.Config{Dir: filepath.Join(dir, "none"), Type: "Stock"}); err == nil {
		t.Error("a folder that isn't there gave no error")
	}
}

func TestCodeThatWouldNotCompileIsNotWritten(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a method of the client is there": {
			"shop.go": "package shop\n\ntype Stock interface{ Count() (int, error) }\n",
			"more.go": "package shop\n\nfunc (*StockClient) Count() {}\n",
		},
		"a file doesn't parse": {"shop.go": "package shop\n\ntype Stock interface{ Count() (int, error) }\n\nfunc {\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newPackage(t, files)
			if _, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"}); err == nil {
				t.Error("there is no error")
			}
		})
	}
}

func TestAStaleFileAndOnesThatNeedItAreNoHindrance(t *testing.T) {
	dir := newPackage(t, map[string]string{
		"shop.go":         "package shop\n\nimport \"context\"\n\ntype Stock interface{ Count(ctx context.Context) (int, error) }\n\nvar _ Stock = NewStockClient(nil)\n",
		"stock_helium.go": "// Code generated by an older one. DO NOT EDIT.\npackage shop\n\nfunc broken() { return 1 }\n",
	})
	config := gogen.Config{Dir: dir, Type: "Stock"}
	file, err := gogen.Generate(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if fresh, err := file.Fresh(); fresh || err != nil {
		t.Errorf("a stale file is fresh: %v, %v; want false, nil", fresh, err)
	}
	if err := file.Write(); err != nil {
		t.Fatal(err)
	}
	again, err := gogen.Generate(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if fresh, err := again.Fresh(); !fresh || err != nil {
		t.Errorf("the file that was just written is fresh: %v, %v; want true, nil", fresh, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("the folder has %v, %v; want the two files", left, err)
	}
}

func TestAnEndedContextEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := gogen.Generate(ctx, gogen.Config{Dir: "testdata/corpus", Type: "Echo"}); err == nil {
		t.Error("there is no error with a context that has ended")
	}
}

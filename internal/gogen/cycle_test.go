package gogen_test

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/gogen"
)

func TestTypesThatEmbedEachOtherGiveCodeThatCompiles(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": `package shop

import "context"

type Stock interface {
	Two(ctx context.Context, p Person) (Profile, error)
	Three(ctx context.Context, f *First) ([]Third, error)
	Generic(ctx context.Context, o Outer[string]) (map[string]Inner[int], error)
}
type Person struct { Profile; Name string }
type Profile struct{ *Person }
type First struct{ Second }
type Second struct { Third; N int64 }
type Third struct{ *First }
type Outer[T any] struct { Inner[T]; Value T }
type Inner[T any] struct{ *Outer[T] }
`})
	file, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"{Person Person?, Name string}"`, `"{First First?, N int64}"`, `"{Outer OuterString?, Value string}"`} {
		if !strings.Contains(string(file.Content), want) {
			t.Errorf("the file has no definition %s", want)
		}
	}
}

func TestGenericTypesWithoutAnEndAreRefusedAsTheCompilerDoes(t *testing.T) {
	for _, fields := range []string{"Next *G[T]; List []G[[]T]", "Left, Right *G[[]T]", "Next *G[[]T]", "M map[string]G[G[T]]"} {
		dir := newPackage(t, map[string]string{"shop.go": "package shop\n\nimport \"context\"\n\ntype G[T any] struct { " + fields + ` }

type Stock interface {
	Get(ctx context.Context) (G[int], error)
}
`})
		_, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Stock"})
		if err == nil || !strings.Contains(err.Error(), "shop.go:5:") || !strings.Contains(err.Error(), "instantiation cycle") {
			t.Errorf("a struct of %s: %v; want an instantiation cycle at shop.go:5", fields, err)
		}
	}
}

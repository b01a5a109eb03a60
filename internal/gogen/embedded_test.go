package gogen_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/gogen"
)

// embedding has interfaces that embed what they can't: the fault is in a comment.
const embedding = `package shop

import "context"

type failure = error

type Plain interface {
	error // Plain has the method Error of Go's error
	Get(ctx context.Context) (int, error)
	Count(ctx context.Context) int // Count returns no error
}

type Alias interface {
	Get(ctx context.Context) (int, error)
	failure // Alias has the method Error of Go's error
}

type Indirect interface {
	Put(ctx context.Context) error
	Alias // Indirect has the method Error of Go's error
}

type Literal interface {
	interface{ error } // Literal has the method Error of Go's error
	Get(ctx context.Context) (int, error)
}

type Both interface {
	error // Both has the method Error of Go's error
	Error(ctx context.Context) error
}

type Itself error // Itself is Go's error

type Another = error // Another is Go's error

type OfAlias = Indirect // OfAlias has the method Error of Go's error

type Unknown interface {
	missing // Unknown embeds what can't be embedded: its type doesn't compile
	Get(ctx context.Context) (int, error)
}

type Deep interface {
	Unknown // Deep embeds what can't be embedded: its type doesn't compile
	Put(ctx context.Context) error
}

type Own interface {
	Error() string // Error returns no error
}
`

func TestWhatAnInterfaceCannotEmbedIsToldWhereItStands(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": embedding})
	for _, name := range []string{"Plain", "Alias", "Indirect", "Literal", "Both", "Itself", "Another", "OfAlias", "Unknown", "Deep", "Own"} {
		_, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: name, Service: "shop"})
		if err == nil {
			t.Errorf("%s was generated", name)
			continue
		}
		found := 0
		for i, line := range strings.Split(embedding, "\n") {
			_, want, ok := strings.Cut(line, "// ")
			if !ok || !strings.HasPrefix(want, name+" ") && !(name == "Plain" && strings.HasPrefix(want, "Count ")) && !(name == "Own" && strings.HasPrefix(want, "Error ")) {
				continue
			}
			found++
			if place := fmt.Sprintf("%s:%d:", filepath.Join(dir, "shop.go"), i+1); !strings.Contains(err.Error(), place) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %s … %s", name, err, place, want)
			}
		}
		if found == 0 {
			t.Errorf("%s has no fault in its source", name)
		}
		if faults, ok := errors.AsType[gogen.Faults](err); !ok || name == "Plain" && len(faults) != 2 {
			t.Errorf("%s: got %d faults of %T, want Faults, two of Plain", name, len(faults), err)
		}
	}
}

func TestInterfacesThatEmbedMethodsWhichCanBeCalledAreServed(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": `package shop

import (
	"context"
	"io"
)

type Store[T any] interface{ Get(ctx context.Context, key string) (T, error) }
type Reader[T any] = Store[T]
type Closing interface {
	any
	io.Closer
	Reader[[]int]
	interface{ Put(ctx context.Context, key string, value int) error }
}
`})
	file, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Closing"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"close()"`, `"get(key string) []int64"`, `"put(key string, value int64)"`} {
		if !strings.Contains(string(file.Content), want) {
			t.Errorf("the file has no signature %s", want)
		}
	}
}

package signature_test

import (
	"reflect"
	"testing"

	"github.com/helium-rpc/helium/signature"
)

// Types that embed each other.
type (
	Person struct {
		Profile
		Name string
	}
	Profile struct{ *Person }

	First  struct{ Second }
	Second struct {
		Third
		N int64
	}
	Third struct{ *First }

	Outer[T any] struct {
		Inner[T]
		Value T
	}
	Inner[T any] struct{ *Outer[T] }
)

func TestTypesThatEmbedEachOtherHaveDefinitions(t *testing.T) {
	for _, c := range []struct {
		typ        reflect.Type
		name, want string
	}{
		{reflect.TypeFor[Person](), "Person", "{Person Person?, Name string}"},
		{reflect.TypeFor[*Person](), "Person", "{Person Person?, Name string}"},
		{reflect.TypeFor[First](), "First", "{First First?, N int64}"},
		{reflect.TypeFor[Outer[string]](), "OuterString", "{Outer OuterString?, Value string}"},
	} {
		types := signature.NewTypes()
		if _, err := types.OfType(c.typ); err != nil {
			t.Errorf("%v: %v", c.typ, err)
		}
		if got := types.Definitions()[c.name]; got != c.want {
			t.Errorf("%v: %s is %s, want %s", c.typ, c.name, got, c.want)
		}
	}
}

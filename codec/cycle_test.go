package codec_test

import (
	"reflect"
	"testing"
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

func TestValuesOfTypesThatEmbedEachOtherTravel(t *testing.T) {
	inner := &Person{Name: "inner"}
	for _, test := range []struct {
		v    any
		want any
	}{
		{Person{Profile{inner}, "outer"}, map[string]any{
			"Person": map[string]any{"Person": nil, "Name": "inner"}, "Name": "outer",
		}},
		{Profile{inner}, map[string]any{"Profile": map[string]any{}, "Name": "inner"}},
		{First{Second{Third{&First{Second{N: 2}}}, 1}}, map[string]any{
			"First": map[string]any{"First": nil, "N": int64(2)}, "N": int64(1),
		}},
		{Outer[string]{Inner[string]{&Outer[string]{Value: "b"}}, "a"}, map[string]any{
			"Outer": map[string]any{"Outer": nil, "Value": "b"}, "Value": "a",
		}},
	} {
		if got := roundTrip(t, test.v); !reflect.DeepEqual(got, test.v) {
			t.Errorf("%T: got %+v, want %+v", test.v, got, test.v)
		}
		if got := received(t, test.v); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%T inside an any: got %v, want %v", test.v, got, test.want)
		}
	}
}

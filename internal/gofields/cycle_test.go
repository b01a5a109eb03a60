package gofields_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/gofields"
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
		N int
	}
	Third struct{ *First }

	Itself struct{ *Itself }

	Outer[T any] struct {
		Inner[T]
		Value T
	}
	Inner[T any] struct{ *Outer[T] }

	Texted struct {
		text
		Loop
	}
	Loop struct{ *Texted }

	Writing struct {
		Back
		Name string
	}
	Back struct{ *Writing }

	Moment struct {
		time.Time
		Again
	}
	Again struct{ *Moment }
)

func (Writing) MarshalText() ([]byte, error)  { return nil, nil }
func (*Writing) UnmarshalText(b []byte) error { return nil }

func TestTypesThatEmbedEachOtherHaveFields(t *testing.T) {
	for _, c := range []struct {
		typ    reflect.Type
		own    gofields.Own
		fields string
	}{
		{reflect.TypeFor[Person](), gofields.Own{}, "[Profile.Person Person.Name]"},
		{reflect.TypeFor[Profile](), gofields.Own{}, "[Person.Profile Person.Name]"},
		{reflect.TypeFor[*Person](), gofields.Own{}, ""},
		{reflect.TypeFor[First](), gofields.Own{}, "[Third.First Second.N]"},
		{reflect.TypeFor[Second](), gofields.Own{}, "[First.Second Second.N]"},
		{reflect.TypeFor[Third](), gofields.Own{}, "[Second.Third Second.N]"},
		{reflect.TypeFor[Itself](), gofields.Own{}, "[Itself.Itself]"},
		{reflect.TypeFor[Outer[int]](), gofields.Own{}, "[Inner[int].Outer Outer[int].Value]"},
		{reflect.TypeFor[Inner[string]](), gofields.Own{}, "[Outer[string].Inner Outer[string].Value]"},
		{reflect.TypeFor[Texted](), gofields.Own{}, "[Loop.Texted]"},
		{reflect.TypeFor[Loop](), gofields.Own{}, "[Texted.Loop]"},
		{reflect.TypeFor[Writing](), gofields.Own{Write: gofields.Text, Read: gofields.Text}, "[Back.Writing Writing.Name]"},
		{reflect.TypeFor[Back](), gofields.Own{}, "[Back.Writing]"},
		{reflect.TypeFor[Moment](), gofields.Own{}, "[Moment.Time Again.Moment]"},
		{reflect.TypeFor[Again](), gofields.Own{}, "[Moment.Time Moment.Again]"},
	} {
		if got := gofields.OwnOf(gofields.Types{}, c.typ); got != c.own {
			t.Errorf("%v: the methods are %v, want %v", c.typ, got, c.own)
		}
		if gofields.IsZero(gofields.Types{}, c.typ) {
			t.Errorf("%v has IsZero, want none", c.typ)
		}
		if c.typ.Kind() != reflect.Struct {
			continue
		}
		var paths []string
		for _, f := range gofields.FieldsOf(gofields.Types{}, c.typ).List {
			paths = append(paths, f.Path)
		}
		if got := fmt.Sprint(paths); got != c.fields {
			t.Errorf("%v: the fields are %s, want %s", c.typ, got, c.fields)
		}
	}
}

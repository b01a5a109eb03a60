package gofields_test

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/gofields"
)

type (
	text     struct{ t string }
	writer   struct{}
	sole     struct{ text }
	siblings struct {
		text
		Name string
	}
	deeper  struct{ siblings }
	pointer struct{ *text }
	own     struct {
		text
		Name string
	}
	ownHalf struct {
		text
		Name string
	}
	generic[T any] struct {
		text
		Value T
	}
	ownGeneric[T any] struct {
		text
		Value T
	}
	marked struct {
		text
		_      int
		noCopy noCopy
		Skip   int `json:"-"`
	}
	noCopy struct{}
	named  text
)

func (text) MarshalText() ([]byte, error)                { return nil, nil }
func (*text) UnmarshalText([]byte) error                 { return nil }
func (writer) MarshalJSON() ([]byte, error)              { return nil, nil }
func (own) MarshalJSON() ([]byte, error)                 { return nil, nil }
func (*own) UnmarshalJSON([]byte) error                  { return nil }
func (ownHalf) MarshalText() ([]byte, error)             { return nil, nil }
func (ownGeneric[T]) MarshalBinary() ([]byte, error)     { return nil, nil }
func (*ownGeneric[T]) UnmarshalBinary(data []byte) error { return nil }

func TestATypeHasTheMethodsThatSpeakForAllOfIt(t *testing.T) {
	_, _ = text{}.t, marked{}.noCopy
	both := func(p gofields.Pair) gofields.Own { return gofields.Own{Write: p, Read: p} }
	for _, c := range []struct {
		typ       reflect.Type
		want, key gofields.Own
	}{
		{reflect.TypeFor[text](), both(gofields.Text), both(gofields.Text)},
		{reflect.TypeFor[*text](), gofields.Own{}, gofields.Own{}},
		{reflect.TypeFor[named](), gofields.Own{}, gofields.Own{}},
		{reflect.TypeFor[writer](), gofields.Own{Write: gofields.JSON}, gofields.Own{}},
		{reflect.TypeFor[sole](), both(gofields.Text), both(gofields.Text)},
		{reflect.TypeFor[marked](), both(gofields.Text), both(gofields.Text)},
		{reflect.TypeFor[siblings](), gofields.Own{}, gofields.Own{}},
		{reflect.TypeFor[deeper](), gofields.Own{}, gofields.Own{}},
		{reflect.TypeFor[pointer](), gofields.Own{}, gofields.Own{}},
		{reflect.TypeFor[own](), both(gofields.JSON), gofields.Own{}},
		{reflect.TypeFor[ownHalf](), gofields.Own{Write: gofields.Text}, gofields.Own{Write: gofields.Text}},
		{reflect.TypeFor[generic[int]](), gofields.Own{}, gofields.Own{}},
		{reflect.TypeFor[ownGeneric[int]](), both(gofields.Binary), both(gofields.Binary)},
		{reflect.TypeFor[struct {
			time.Time
			Name string
		}](), gofields.Own{}, gofields.Own{}},
		{reflect.TypeFor[time.Time](), both(gofields.JSON), both(gofields.Text)},
		{reflect.TypeFor[netip.Addr](), both(gofields.Text), both(gofields.Text)},
		{reflect.TypeFor[url.URL](), both(gofields.Binary), both(gofields.Binary)},
		{reflect.TypeFor[big.Int](), both(gofields.JSON), both(gofields.Text)},
		{reflect.TypeFor[json.RawMessage](), both(gofields.JSON), gofields.Own{}},
	} {
		if got := gofields.OwnOf(gofields.Types{}, c.typ); got != c.want {
			t.Errorf("%v: got %v, want %v", c.typ, got, c.want)
		}
		if _, got := gofields.KeyFormOf(gofields.Types{}, c.typ); got != c.key {
			t.Errorf("%v as a key: got %v, want %v", c.typ, got, c.key)
		}
	}
}

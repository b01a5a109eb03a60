package gofields_test

import (
	"context"
	"encoding/json"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/gofields"
)

type (
	celsius float64
	octet   uint8
	spoken  uint8
	weekday int
)

func (spoken) MarshalText() ([]byte, error)  { return nil, nil }
func (*spoken) UnmarshalText([]byte) error   { return nil }
func (weekday) MarshalJSON() ([]byte, error) { return nil, nil }
func (*weekday) UnmarshalJSON([]byte) error  { return nil }

func TestATypeHasOneFormAsAValueAndOneAsAKey(t *testing.T) {
	for _, c := range []struct {
		typ        reflect.Type
		value, key gofields.Form
	}{
		{reflect.TypeFor[bool](), gofields.AsScalar, gofields.Elsewhere},
		{reflect.TypeFor[celsius](), gofields.AsScalar, gofields.Elsewhere},
		{reflect.TypeFor[time.Time](), gofields.AsTime, gofields.Elsewhere},
		{reflect.TypeFor[time.Duration](), gofields.AsDuration, gofields.Elsewhere},
		{reflect.TypeFor[json.Number](), gofields.AsAny, gofields.AsText},
		{reflect.TypeFor[netip.Addr](), gofields.AsText, gofields.Elsewhere},
		{reflect.TypeFor[big.Int](), gofields.AsAny, gofields.AsText},
		{reflect.TypeFor[weekday](), gofields.AsAny, gofields.AsScalar},
		{reflect.TypeFor[writer](), gofields.Half, gofields.AsStruct},
		{reflect.TypeFor[[]byte](), gofields.AsBytes, gofields.Elsewhere},
		{reflect.TypeFor[[4]octet](), gofields.AsBytes, gofields.Elsewhere},
		{reflect.TypeFor[[]spoken](), gofields.AsList, gofields.Elsewhere},
		{reflect.TypeFor[[2]int](), gofields.AsList, gofields.Elsewhere},
		{reflect.TypeFor[map[string]int](), gofields.AsMap, gofields.Elsewhere},
		{reflect.TypeFor[*text](), gofields.AsPointer, gofields.Elsewhere},
		{reflect.TypeFor[siblings](), gofields.AsStruct, gofields.Elsewhere},
		{reflect.TypeFor[any](), gofields.AsInterface, gofields.Elsewhere},
		{reflect.TypeFor[context.Context](), gofields.AsInterface, gofields.Elsewhere},
		{reflect.TypeFor[chan int](), gofields.Unsendable, gofields.Elsewhere},
		{reflect.TypeFor[uintptr](), gofields.Unsendable, gofields.Elsewhere},
	} {
		if got := gofields.FormOf(gofields.Types{}, c.typ); got != c.value {
			t.Errorf("%v: got form %d, want %d", c.typ, got, c.value)
		}
		if got, _ := gofields.KeyFormOf(gofields.Types{}, c.typ); got != c.key {
			t.Errorf("%v as a key: got form %d, want %d", c.typ, got, c.key)
		}
	}
}

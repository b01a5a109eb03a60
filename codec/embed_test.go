package codec_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	library "github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// Types with each pair of methods, to be embedded.
type (
	ByMsgpack struct{ N int64 }
	ByRaw     struct{ n int64 }
	ByJSON    struct{ n int64 }
	ByText    struct{ n int64 }
	ByBinary  struct{ n byte }
	byHidden  struct{ n int64 }
)

func (v *ByMsgpack) EncodeMsgpack(e *library.Encoder) error       { return e.EncodeInt(v.N) }
func (v *ByMsgpack) DecodeMsgpack(d *library.Decoder) (err error) { v.N, err = d.DecodeInt64(); return }
func (v ByRaw) MarshalMsgpack() ([]byte, error)                   { return msgpack.AppendInt(nil, v.n), nil }
func (v *ByRaw) UnmarshalMsgpack(b []byte) (err error) {
	r := codec.NewReader(b)
	v.n, err = r.Int(64)
	return err
}
func (v ByJSON) MarshalJSON() ([]byte, error)      { return json.Marshal(v.n) }
func (v *ByJSON) UnmarshalJSON(b []byte) error     { return json.Unmarshal(b, &v.n) }
func (v ByText) MarshalText() ([]byte, error)      { return fmt.Append(nil, v.n), nil }
func (v *ByText) UnmarshalText(b []byte) error     { _, err := fmt.Sscan(string(b), &v.n); return err }
func (v ByBinary) MarshalBinary() ([]byte, error)  { return []byte{v.n}, nil }
func (v *ByBinary) UnmarshalBinary(b []byte) error { v.n = b[0]; return nil }
func (v byHidden) MarshalText() ([]byte, error)    { return fmt.Append(nil, v.n), nil }
func (v *byHidden) UnmarshalText(b []byte) error   { _, err := fmt.Sscan(string(b), &v.n); return err }

// Structs that embed them, beside other fields.
type (
	Dated struct {
		time.Time
		Name string
	}
	DatedByPointer struct {
		*time.Time
		Name string
	}
	DatedDeeper struct {
		Dated
		Note string
	}
	Instant        struct{ time.Time }
	DatedByInstant struct {
		Instant
		Name string
	}
	All struct {
		ByMsgpack
		ByRaw
		ByJSON
		ByText
		ByBinary
	}
	WithAddr struct {
		*netip.Addr `json:"addr"`
		Port        int
	}
	// Itself says how it is written, whatever it embeds.
	Itself struct {
		time.Time
		Name string
	}
	HiddenSibling struct {
		ByText
		name string
	}
	Generic[T any] struct {
		ByText
		Value T
	}
	ItselfGeneric[T any] struct {
		ByText
		Value T
	}
)

func (i Itself) MarshalText() ([]byte, error) { return []byte(i.Name), nil }
func (i *Itself) UnmarshalText(b []byte) error {
	i.Name = string(b)
	return nil
}

func (g ItselfGeneric[T]) MarshalText() ([]byte, error) { return fmt.Append(nil, g.Value), nil }
func (g *ItselfGeneric[T]) UnmarshalText(b []byte) error {
	_, err := fmt.Sscan(string(b), &g.Value)
	return err
}

func TestWhatEmbedsATypeWithAFormOfItsOwnLosesNothing(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	addr := netip.MustParseAddr("::1")
	for _, test := range []struct {
		v    any
		want any // as any value
	}{
		{Dated{when, "n"}, map[string]any{"Time": when, "Name": "n"}},
		{DatedByPointer{&when, "n"}, map[string]any{"Time": when, "Name": "n"}},
		{DatedByPointer{nil, "n"}, map[string]any{"Time": nil, "Name": "n"}},
		{DatedDeeper{Dated{when, "n"}, "o"}, map[string]any{"Time": when, "Name": "n", "Note": "o"}},
		{Instant{when}, "2026-01-02T03:04:05.000000006Z"},
		{DatedByInstant{Instant{when}, "n"}, map[string]any{"Instant": "2026-01-02T03:04:05.000000006Z", "Name": "n"}},
		{All{ByMsgpack{1}, ByRaw{2}, ByJSON{3}, ByText{4}, ByBinary{5}},
			map[string]any{"ByMsgpack": int64(1), "ByRaw": int64(2), "ByJSON": int64(3), "ByText": "4", "ByBinary": []byte{5}}},
		{WithAddr{&addr, 80}, map[string]any{"addr": "::1", "Port": int64(80)}},
		{Itself{Name: "n"}, "n"}, {HiddenSibling{ByText: ByText{6}}, "6"},
		{struct {
			ByMsgpack
			Name string
		}{ByMsgpack{1}, "n"}, map[string]any{"ByMsgpack": int64(1), "Name": "n"}},
		{struct {
			ByRaw
			Name string
		}{ByRaw{1}, "n"}, map[string]any{"ByRaw": int64(1), "Name": "n"}},
		{struct {
			*ByJSON
			Name string
		}{&ByJSON{1}, "n"}, map[string]any{"ByJSON": int64(1), "Name": "n"}},
		{Generic[string]{ByText{1}, "v"}, map[string]any{"ByText": "1", "Value": "v"}}, {ItselfGeneric[string]{Value: "v"}, "v"},
		{[]Dated{{when, "a"}, {when, "b"}}, []any{map[string]any{"Time": when, "Name": "a"}, map[string]any{"Time": when, "Name": "b"}}},
		{map[string]*Dated{"k": {when, "a"}}, map[string]any{"k": map[string]any{"Time": when, "Name": "a"}}},
	} {
		if got := roundTrip(t, test.v); !reflect.DeepEqual(got, test.v) {
			t.Errorf("%T: got %+v, want %+v", test.v, got, test.v)
		}
		for _, held := range []any{test.v, &test.v} {
			if got := received(t, held); !reflect.DeepEqual(got, test.want) {
				t.Errorf("%T inside an any: got %#v, want %#v", test.v, got, test.want)
			}
		}
	}
	_ = HiddenSibling{}.name
}

func TestWhatIsEmbeddedAndCanBeNoFieldIsRefused(t *testing.T) {
	v := struct {
		byHidden
		Name string
	}{}
	if got, err := receive(t, v); err == nil || !strings.Contains(err.Error(), "export it, or give it a field's name") {
		t.Errorf("%T arrived as %v with error %v, want one that says what to do", v, got, err)
	}
	var marshaler struct {
		encoding.TextMarshaler
		Name string
	}
	marshaler.TextMarshaler, marshaler.Name = ByText{3}, "n"
	if got, want := received(t, marshaler), (map[string]any{"TextMarshaler": "3", "Name": "n"}); !reflect.DeepEqual(got, want) {
		t.Errorf("an embedded interface: got %v, want %v", got, want)
	}
}

func TestIsZeroOfWhatIsEmbeddedDoesNotSpeakForTheOtherFields(t *testing.T) {
	type noted struct {
		Own     Dated          `json:",omitzero"`
		Ptr     *Dated         `json:",omitzero"`
		Deeper  DatedDeeper    `json:",omitzero"`
		Instant Instant        `json:",omitzero"`
		Left    DatedByPointer `json:",omitzero"`
	}
	v := noted{Own: Dated{Name: "n"}, Ptr: &Dated{Name: "p"}, Deeper: DatedDeeper{Note: "d"}, Instant: Instant{time.Time{}.Local()}}
	zero := time.Time{}
	want := map[string]any{
		"Own": map[string]any{"Time": zero, "Name": "n"}, "Ptr": map[string]any{"Time": zero, "Name": "p"},
		"Deeper": map[string]any{"Time": zero, "Name": "", "Note": "d"},
	}
	if got := received(t, v); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

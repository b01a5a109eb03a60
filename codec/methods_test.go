package codec_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	library "github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// celsius has the msgpack library's codec; it travels as text such as "21.5C".
type celsius struct{ degrees float64 }

func (c celsius) EncodeMsgpack(enc *library.Encoder) error {
	return enc.EncodeString(fmt.Sprintf("%gC", c.degrees))
}

func (c *celsius) DecodeMsgpack(dec *library.Decoder) error {
	text, err := dec.DecodeString()
	if err != nil {
		return err
	}
	_, err = fmt.Sscanf(text, "%gC", &c.degrees)
	return err
}

// pair has the other codec of the library; it travels as an array of two.
type pair struct{ a, b int64 }

func (p *pair) MarshalMsgpack() ([]byte, error) {
	return msgpack.AppendInt(msgpack.AppendInt(msgpack.AppendArrayHeader(nil, 2), p.a), p.b), nil
}

func (p *pair) UnmarshalMsgpack(data []byte) error {
	r := codec.NewReader(data)
	n, err := r.ArrayHeader()
	if err != nil || n != 2 {
		return fmt.Errorf("want an array of two: %w", err)
	}
	if p.a, err = r.Int(64); err != nil {
		return err
	}
	p.b, err = r.Int(64)
	return err
}

// half has one half of the binary codec and both of the text's, so text it is.
type half struct{ s string }

func (half) MarshalBinary() ([]byte, error)     { return nil, errors.New("must not be called") }
func (h half) MarshalText() ([]byte, error)     { return []byte("<" + h.s + ">"), nil }
func (h *half) UnmarshalText(text []byte) error { h.s = strings.Trim(string(text), "<>"); return nil }
func (h half) String() string                   { return h.s }

// secret can only be written.
type secret string

func (secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

func TestTypesWithACodecOfTheirOwnUseIt(t *testing.T) {
	type all struct {
		C  celsius
		CP *celsius
		CN *celsius
		L  []celsius
		M  map[string]pair
		P  *pair
		H  half
		K  map[half]int
		B  *big.Int
		N  netip.Addr
		E  helium.Code
		R  library.RawMessage
	}
	for _, v := range []any{
		celsius{21.5}, &celsius{-3}, pair{1, -2}, half{"x"},
		all{
			C: celsius{1}, CP: &celsius{2}, L: []celsius{{3}, {4}}, M: map[string]pair{"a": {5, 6}}, P: &pair{7, 8}, H: half{"h"},
			K: map[half]int{{"k"}: 9}, B: big.NewInt(1).Lsh(big.NewInt(1), 100), N: netip.MustParseAddr("::1"), E: helium.CodeNotFound,
			R: library.RawMessage{0x91, 0x01},
		},
	} {
		if got := roundTrip(t, v); !reflect.DeepEqual(got, v) {
			t.Errorf("%T: got %+v, want %+v", v, got, v)
		}
	}
	b, err := appendValue(nil, struct{ S secret }{"hunter2"})
	if err != nil || strings.Contains(string(b), "hunter2") || !strings.Contains(string(b), "***") {
		t.Errorf("a type that can only be written: got %q, %v; want what its method wrote", b, err)
	}
}

func TestATextCodecTravelsAsTextAndIsReadFromBinToo(t *testing.T) {
	text := msgpack.AppendString(nil, "<x>")
	if got, err := appendValue(nil, half{"x"}); err != nil || !bytes.Equal(got, text) {
		t.Errorf("appended %x, %v; want %x, nil", got, err, text)
	}
	for _, data := range [][]byte{text, msgpack.AppendBytes(nil, []byte("<x>"))} {
		var got half
		r := codec.NewReader(data)
		if err := r.Value(&got); err != nil || got.s != "x" {
			t.Errorf("%x read as %q, %v; want \"x\", nil", data, got.s, err)
		}
	}
}

// faulty fails as its one field says.
type faulty struct{ how string }

var errFaulty = errors.New("the cause")

func (f faulty) EncodeMsgpack(enc *library.Encoder) error {
	switch f.how {
	case "panic":
		panic("boom")
	case "error":
		return errFaulty
	case "two":
		return enc.EncodeMulti(1, 2)
	case "extension":
		return enc.EncodeExtHeader(7, 0)
	case "deep":
		for range 100 {
			if err := enc.EncodeArrayLen(1); err != nil {
				return err
			}
		}
		return enc.EncodeNil()
	}
	return nil
}

func (f *faulty) DecodeMsgpack(dec *library.Decoder) error {
	how, err := dec.DecodeString()
	switch {
	case how == "panic":
		panic("boom")
	case how == "error":
		return errFaulty
	case how == "little":
		return nil
	case how == "much":
		_, err = dec.DecodeString()
	}
	return err
}

func TestAFaultyCodecIsItsValuesErrorOnly(t *testing.T) {
	for how, want := range map[string]string{
		"panic": "boom", "error": "the cause", "two": "data follows", "nothing": "ends inside", "extension": "extension", "deep": "deep",
	} {
		b, err := appendValue([]byte("prefix"), map[string]any{"f": []faulty{{how}}})
		if err == nil || string(b) != "prefix" || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "faulty") && how != "panic" {
			t.Errorf("%s: got %q, %v; want the prefix and an error with %q", how, b, err, want)
		}
		if how == "error" && !errors.Is(err, errFaulty) {
			t.Errorf("errors.Is doesn't find what the method returned in %v", err)
		}
		// What comes next must not suffer.
		if got := roundTrip(t, []celsius{{1}}); !reflect.DeepEqual(got, []celsius{{1}}) {
			t.Errorf("after %s: got %v, want a codec in order", how, got)
		}
	}
	for how, fails := range map[string]bool{"panic": true, "error": true, "much": true, "little": false} {
		r := codec.NewReader(msgpack.AppendString(nil, how))
		var f faulty
		err := r.Value(&f)
		if fails != (err != nil) {
			t.Errorf("%s: got %v, want an error: %v", how, err, fails)
		}
		if got := roundTrip(t, []celsius{{1}}); !reflect.DeepEqual(got, []celsius{{1}}) {
			t.Errorf("after %s: got %v, want a codec in order", how, got)
		}
	}
}

// panicky panics when a field of it is asked whether it is empty.
type panicky struct{}

func (panicky) IsZero() bool { panic("IsZero") }

func TestAPanicWhileAFieldIsLookedAtIsAnError(t *testing.T) {
	b, err := appendValue([]byte("prefix"), struct {
		P panicky `json:",omitzero"`
	}{})
	if err == nil || string(b) != "prefix" {
		t.Errorf("got %q, %v; want the prefix and an error", b, err)
	}
}

func TestAKeyThatGoCannotHashIsAnError(t *testing.T) {
	// The second key is an array, which an any key can't be.
	for _, data := range []string{"81 90 01", "82 01 02 80 03"} {
		for _, target := range []any{new(any), new(map[any]int), new(map[string]int), new(map[[1]int]int)} {
			r := codec.NewReader(unhex(t, data))
			if err := r.Value(target); err == nil {
				t.Errorf("%s into %T passed, want an error", data, target)
			}
		}
	}
}

func TestWhatACodecMadeCountsItsDepthFromWhereItStands(t *testing.T) {
	raw := library.RawMessage(append(bytes.Repeat([]byte{0x91}, 50), 0xc0))
	if _, err := appendValue(nil, []any{raw}); err != nil {
		t.Errorf("51 levels: got %v, want them to pass", err)
	}
	var v any = raw
	for range 20 {
		v = []any{v}
	}
	if b, err := appendValue(nil, v); err == nil {
		t.Errorf("70 levels passed as % x, want an error", b)
	}
}

package codec_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/codec"
)

// valueVectors is testdata/vectors/values.json, which a second implementation reads too.
type valueVectors struct {
	Values  []valueVector
	Reads   []valueVector
	Misfits []struct{ Hex, As, Error string }
	Rejects []struct {
		Hex, Cause string
		Offset     int
	}
}

type valueVector struct{ As, Value, Hex, Note string }

func readVectors(t testing.TB) valueVectors {
	t.Helper()
	text, err := os.ReadFile("../../testdata/vectors/values.json")
	if err != nil {
		t.Fatal(err)
	}
	var v valueVectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Values) == 0 || len(v.Reads) == 0 || len(v.Misfits) == 0 || len(v.Rejects) == 0 {
		t.Fatalf("a part of the vectors is missing: %d values, %d reads, %d misfits, %d rejects", len(v.Values), len(v.Reads), len(v.Misfits), len(v.Rejects))
	}
	return v
}

// vectorReads reads a value as the type that a vector names, and writes it down as
// vectors do.
var vectorReads = map[string]func(r *codec.Reader) (value any, text string, err error){
	"any":               readAs(plainText),
	"bool":              readAs(func(v bool) string { return fmt.Sprint(v) }),
	"int8":              readAs(func(v int8) string { return fmt.Sprint(v) }),
	"int64":             readAs(func(v int64) string { return fmt.Sprint(v) }),
	"uint8":             readAs(func(v uint8) string { return fmt.Sprint(v) }),
	"uint16":            readAs(func(v uint16) string { return fmt.Sprint(v) }),
	"uint64":            readAs(func(v uint64) string { return fmt.Sprint(v) }),
	"float32":           readAs(func(v float32) string { return fmt.Sprint(v) }),
	"float64":           readAs(func(v float64) string { return fmt.Sprint(v) }),
	"string":            readAs(strconv.Quote),
	"time":              readAs(func(v time.Time) string { return v.Format(time.RFC3339Nano) }),
	"map[string]string": readAs(func(v map[string]string) string { return plainText(v) }),
	"bytes": readAs(func(v []byte) string {
		if v == nil {
			return "nil"
		}
		return hex.EncodeToString(v)
	}),
}

func readAs[T any](text func(T) string) func(r *codec.Reader) (any, string, error) {
	return func(r *codec.Reader) (any, string, error) {
		var v T
		err := r.Value(&v)
		return v, text(v), err
	}
}

// plainText writes v as JSON, or as Go would where JSON can't.
func plainText(v any) string {
	if text, err := json.Marshal(v); err == nil {
		return string(text)
	}
	pairs := make([]string, 0)
	for k, v := range v.(map[any]any) {
		pairs = append(pairs, plainText(k)+": "+plainText(v))
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, ", ") + "}"
}

func TestValuesAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	vectors := readVectors(t)
	for _, v := range append(vectors.Values, vectors.Reads...) {
		data := unhex(t, v.Hex)
		if err := codec.Scan(data); err != nil {
			t.Errorf("Scan(%s): got %v, want it to pass", v.Hex, err)
		}
		r := codec.NewReader(data)
		_, text, err := vectorReads[v.As](&r)
		if err != nil || text != v.Value || r.Len() != 0 {
			t.Errorf("%s as %s: got %s, %v; want %s (%s)", v.Hex, v.As, text, err, v.Value, v.Note)
		}
	}
	for _, v := range vectors.Values {
		r := codec.NewReader(unhex(t, v.Hex))
		value, _, err := vectorReads[v.As](&r)
		if err != nil {
			continue // told above
		}
		if got, err := codec.AppendValue(nil, value); err != nil || !bytes.Equal(got, unhex(t, v.Hex)) {
			t.Errorf("%s %s: got % x, %v; want %s", v.As, v.Value, got, err, v.Hex)
		}
	}
}

func TestWhatDoesNotFitIsRefusedAsTheVectorsSay(t *testing.T) {
	for _, v := range readVectors(t).Misfits {
		r := codec.NewReader(unhex(t, v.Hex))
		if _, text, err := vectorReads[v.As](&r); err == nil || err.Error() != v.Error {
			t.Errorf("%s as %s: got %s, %v; want the error %s", v.Hex, v.As, text, err, v.Error)
		}
	}
}

func TestTheGuardRefusesWhatTheVectorsSay(t *testing.T) {
	causes := map[string]error{
		"truncated": codec.ErrTruncated, "trailing": codec.ErrTrailing, "reserved": codec.ErrReserved,
		"extension": codec.ErrExtension, "map key": codec.ErrMapKey, "too deep": codec.ErrTooDeep,
	}
	for _, v := range readVectors(t).Rejects {
		err := codec.Scan(unhex(t, v.Hex))
		var syntax *codec.SyntaxError
		if !errors.Is(err, causes[v.Cause]) || !errors.As(err, &syntax) || syntax.Offset != v.Offset {
			t.Errorf("Scan(%s): got %v, want %q at byte %d", v.Hex, err, v.Cause, v.Offset)
		}
	}
}

package codec_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/vectors"
)

// valueVectors is testdata/vectors/values.json, which a second implementation reads too.
type valueVectors struct {
	About  string
	Values []valueVector
	// Structures are compared by their JSON.
	Structures struct {
		Types   map[string]string
		Vectors []structureVector
	}
	Reads   []valueVector
	Misfits []struct{ Hex, As, Error string }
	Texts   []json.RawMessage // which package transcode reads
	Rejects []struct {
		Hex, Cause string
		Offset     int
	}
}

// valueVector is one value. Compare says what other languages can't write alike; Go's
// bytes are those of the vectors all the same.
type valueVector struct{ As, Value, Hex, Note, Compare string }

type structureVector struct {
	As, Hex, Note, Compare string
	JSON                   json.RawMessage
	OnlyRead               bool `json:"only_read"`
}

func readVectors(t testing.TB) valueVectors {
	t.Helper()
	var v valueVectors
	vectors.Read(t, "../testdata/vectors/values.json", &v)
	if len(v.Values) == 0 || len(v.Reads) == 0 || len(v.Misfits) == 0 || len(v.Rejects) == 0 || len(v.Structures.Vectors) == 0 {
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
	file := readVectors(t)
	for _, v := range append(file.Values, file.Reads...) {
		data := vectors.Hex(t, v.Hex)
		if err := msgpack.Scan(data); err != nil {
			t.Errorf("Scan(%s): got %v, want it to pass", v.Hex, err)
		}
		r := codec.NewReader(data)
		_, text, err := vectorReads[v.As](&r)
		if err != nil || text != v.Value || r.Len() != 0 {
			t.Errorf("%s as %s: got %s, %v; want %s (%s)", v.Hex, v.As, text, err, v.Value, v.Note)
		}
	}
	for _, v := range file.Values {
		r := codec.NewReader(vectors.Hex(t, v.Hex))
		value, _, err := vectorReads[v.As](&r)
		if err != nil {
			continue // told above
		}
		if got, err := appendValue(nil, value); err != nil || !bytes.Equal(got, vectors.Hex(t, v.Hex)) {
			t.Errorf("%s %s: got % x, %v; want %s", v.As, v.Value, got, err, v.Hex)
		}
	}
}

func TestWhatDoesNotFitIsRefusedAsTheVectorsSay(t *testing.T) {
	for _, v := range readVectors(t).Misfits {
		r := codec.NewReader(vectors.Hex(t, v.Hex))
		if _, text, err := vectorReads[v.As](&r); err == nil || err.Error() != v.Error {
			t.Errorf("%s as %s: got %s, %v; want the error %s", v.Hex, v.As, text, err, v.Error)
		}
	}
}

func TestTheGuardRefusesWhatTheVectorsSay(t *testing.T) {
	causes := map[string]error{
		"truncated": msgpack.ErrTruncated, "trailing": msgpack.ErrTrailing, "reserved": msgpack.ErrReserved,
		"extension": msgpack.ErrExtension, "map key": msgpack.ErrMapKey, "too deep": msgpack.ErrTooDeep,
	}
	for _, v := range readVectors(t).Rejects {
		err := msgpack.Scan(vectors.Hex(t, v.Hex))
		var syntax *msgpack.SyntaxError
		if !errors.Is(err, causes[v.Cause]) || !errors.As(err, &syntax) || syntax.Offset != v.Offset {
			t.Errorf("Scan(%s): got %v, want %q at byte %d", v.Hex, err, v.Cause, v.Offset)
		}
	}
}

// The types of the structures, as a Go program would have them.
type (
	vectorPoint struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	vectorLine struct {
		Article string   `json:"article"`
		Price   float64  `json:"price"`
		Tags    []string `json:"tags"`
	}
	vectorOrder struct {
		ID    string       `json:"id"`
		Lines []vectorLine `json:"lines"`
		Note  *string      `json:"note,omitempty"`
	}
	vectorNode struct {
		Value int64       `json:"value"`
		Next  *vectorNode `json:"next,omitempty"`
	}
)

var structureReads = map[string]func(r *codec.Reader) (any, error){
	"[]int64":            structureOf[[]int64],
	"[]float64":          structureOf[[]float64],
	"[]string":           structureOf[[]string],
	"[][]int64":          structureOf[[][]int64],
	"[]bool?":            structureOf[[]*bool],
	"map[string]int64":   structureOf[map[string]int64],
	"map[int64]bool":     structureOf[map[int64]bool],
	"map[bool]string":    structureOf[map[bool]string],
	"Names":              structureOf[map[int64]string],
	"Point":              structureOf[vectorPoint],
	"Point?":             structureOf[*vectorPoint],
	"[]Point":            structureOf[[]vectorPoint],
	"Order":              structureOf[vectorOrder],
	"Node":               structureOf[vectorNode],
	"map[string][]Point": structureOf[map[string][]vectorPoint],
	"[]duration":         structureOf[[]time.Duration],
	"map[duration]bool":  structureOf[map[time.Duration]bool],
	// Go has no maps with slices as keys; arrays are bytes too.
	"map[bytes]int64": structureOf[map[[2]byte]int64],
}

func structureOf[T any](r *codec.Reader) (any, error) {
	var v T
	err := r.Value(&v)
	return v, err
}

func TestStructuresAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	for _, v := range readVectors(t).Structures.Vectors {
		data := vectors.Hex(t, v.Hex)
		r := codec.NewReader(data)
		read, known := structureReads[v.As]
		if !known {
			t.Errorf("no Go type stands for %s; add it to structureReads", v.As)
			continue
		}
		got, err := read(&r)
		if err != nil || r.Len() != 0 {
			t.Errorf("%s as %s: got %v, want it read whole", v.Hex, v.As, err)
			continue
		}
		written, err := appendValue(nil, got)
		same := bytes.Equal(written, data)
		if v.Compare == "decoded" { // the order of keys is nobody's
			r := codec.NewReader(written)
			again, err := read(&r)
			same = err == nil && len(written) == len(data) && reflect.DeepEqual(again, got)
		}
		if !v.OnlyRead && (err != nil || !same) {
			t.Errorf("%s %s: written % x, %v; want %s", v.As, v.JSON, written, err, v.Hex)
		}
		if want, err := readJSON(v.JSON, got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s as %s: got %+v, want %+v (%v)", v.Hex, v.As, got, want, err)
		}
	}
}

// readJSON reads the JSON of a vector into the type of a value. What has another form in
// JSON than encoding/json gives it is package transcode's to test.
func readJSON(text []byte, like any) (any, error) {
	into := reflect.New(reflect.TypeOf(like))
	switch like.(type) {
	case map[bool]string, map[[2]byte]int64, []time.Duration, map[time.Duration]bool:
		return like, nil
	}
	if err := json.Unmarshal(text, into.Interface()); err != nil {
		return nil, err
	}
	want := into.Elem().Interface()
	// A nil list or map that came as such is as good as an empty one.
	if v := reflect.ValueOf(like); (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 && into.Elem().Len() == 0 {
		return like, nil
	}
	return want, nil
}

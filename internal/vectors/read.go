package vectors

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Read reads a file of vectors, given by its path, and refuses what into has no field for.
func Read(t testing.TB, path string, into any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Hex returns the bytes of hex that may hold spaces and repetitions: "c1 (00)*3" is
// c1000000.
func Hex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := ParseHex(text)
	if err != nil {
		t.Fatalf("vector %.80q: %v", text, err)
	}
	return b
}

// ParseHex is [Hex] with an error.
func ParseHex(text string) ([]byte, error) {
	var out []byte
	for text != "" {
		before, rest, repeated := strings.Cut(text, "(")
		b, err := hex.DecodeString(strings.ReplaceAll(before, " ", ""))
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
		if !repeated {
			break
		}
		inner, rest, ok := strings.Cut(rest, ")*")
		if !ok {
			return nil, fmt.Errorf("a repetition lacks its )*")
		}
		count, rest, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(count)
		if err != nil {
			return nil, err
		}
		if b, err = hex.DecodeString(strings.ReplaceAll(inner, " ", "")); err != nil {
			return nil, err
		}
		for range n {
			out = append(out, b...)
		}
		text = rest
	}
	return out, nil
}

// Number is an unsigned integer of 64 bits. Those beyond 2^53 stand as text in the files,
// as many a reader of JSON would round them.
type Number uint64

// UnmarshalJSON reads a number, or text that is one.
func (n *Number) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseUint(strings.Trim(string(text), `"`), 10, 64)
	*n = Number(v)
	return err
}

// Error is an error as the files write it, by its fields. In answers, those that are left
// out may be anything.
type Error struct {
	Code     string            `json:"code,omitempty"`
	Reason   *string           `json:"reason,omitempty"`
	Message  *string           `json:"message,omitempty"`
	Details  map[string]string `json:"details,omitempty"`
	Outcome  string            `json:"outcome,omitempty"`
	Instance *string           `json:"instance,omitempty"`
}

package vectors

import (
	"encoding/json"
	"testing"
)

func TestHexMayRepeatAPart(t *testing.T) {
	for text, want := range map[string]string{
		"":                "",
		"c1 01":           "\xc1\x01",
		"(00)*3":          "\x00\x00\x00",
		"c1 (0a 0b)*2 ff": "\xc1\x0a\x0b\x0a\x0b\xff",
		"(01)*1 (02)*0":   "\x01",
	} {
		if got := string(Hex(t, text)); got != want {
			t.Errorf("Hex(%q) = %x, want %x", text, got, want)
		}
	}
	for _, text := range []string{"0", "zz", "(00)", "(00)*x", "(0)*2"} {
		if got, err := ParseHex(text); err == nil {
			t.Errorf("Hex(%q) = %x, want an error", text, got)
		}
	}
}

func TestNumbersBeyondDoublesStandAsText(t *testing.T) {
	for text, want := range map[string]Number{"7": 7, `"18446744073709551615"`: 1<<64 - 1} {
		var got Number
		if err := json.Unmarshal([]byte(text), &got); got != want || err != nil {
			t.Errorf("%s = %d, %v; want %d", text, got, err, want)
		}
	}
}

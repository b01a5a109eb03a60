package binder

import "testing"

func TestARecordIsPrintedOnOneLineThatATerminalOnlyShows(t *testing.T) {
	for version, want := range map[string]string{
		"":                    "math/i1",
		"1.0.0":               "math/i1 1.0.0",
		"1.0 \"beta\" 漢字":     "math/i1 1.0 \"beta\" 漢字",
		"1\n2":                `math/i1 "1\n2"`,
		"\x1b[2J\u202e\u009b": `math/i1 "\x1b[2J\u202e\u009b"`,
		"\xff":                `math/i1 "\xff"`,
	} {
		if got := (Record{Service: "math", Instance: "i1", Version: version}).String(); got != want {
			t.Errorf("version %q: got %s, want %s", version, got, want)
		}
	}
}

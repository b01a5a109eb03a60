package main

import "testing"

func TestTimesAreReadableAtAnyLength(t *testing.T) {
	for ms, want := range map[float64]string{0.0123: "0.0123ms", 2.514: "2.51ms", 999.4: "999ms", 2510.3: "2510ms"} {
		if got := milliseconds(ms); got != want {
			t.Errorf("%v ms: got %q, want %q", ms, got, want)
		}
	}
}

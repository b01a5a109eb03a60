package nearest

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNearestNamesComeNearestFirst(t *testing.T) {
	names := []string{"math", "maths", "mathematics", "path", "stats", "m", "Math"}
	for name, want := range map[string][]string{
		"math":  {"Math", "math", "maths"},
		"mth":   {"Math", "math"},
		"stat":  {"stats"},
		"order": nil,
		"M":     {"m"},
		"x":     nil,
	} {
		if got := Names(name, slices.Values(names)); !slices.Equal(got, want) {
			t.Errorf("Names(%q) = %q, want %q", name, got, want)
		}
	}
}

// plainDistance is distance by its definition, without a limit.
func plainDistance(a, b string) int {
	switch {
	case a == "":
		return len(b)
	case b == "":
		return len(a)
	case a[0] == b[0]:
		return plainDistance(a[1:], b[1:])
	}
	return 1 + min(plainDistance(a[1:], b), plainDistance(a, b[1:]), plainDistance(a[1:], b[1:]))
}

func TestDistanceAgreesWithItsDefinition(t *testing.T) {
	word := func() string {
		b := make([]byte, rand.IntN(7))
		for i := range b {
			b[i] = "abc"[rand.IntN(3)]
		}
		return string(b)
	}
	for range 3000 {
		a, b, limit := word(), word(), 1+rand.IntN(3)
		want := min(plainDistance(a, b), limit+1)
		if got := distance(a, b, limit); got != want {
			t.Fatalf("distance(%q, %q, %d) = %d, want %d", a, b, limit, got, want)
		}
	}
}

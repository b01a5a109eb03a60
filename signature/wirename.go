package signature

import (
	"unicode"
)

// WireName returns the name on the wire of a Go method or field: the same with its
// first word in lower case. Initials count as one word: Add → add, GetUser →
// getUser, HTTPGet → httpGet, URLFor → urlFor, ID → id, IDsOf → idsOf.
//
// Two Go names can have one wire name, such as ID and Id.
func WireName(goName string) string {
	name := []rune(goName)
	upper := 0
	for upper < len(name) && unicode.IsUpper(name[upper]) {
		upper++
	}
	word := upper
	switch rest := name[upper:]; {
	case upper <= 1 || len(rest) == 0 || !unicode.IsLower(rest[0]):
		// One capital, or initials that end with a digit, an underscore or the name.
	case rest[0] == 's' && (len(rest) == 1 || !unicode.IsLower(rest[1])):
		// Initials in the plural.
	default:
		word-- // the last capital begins the next word
	}
	for i := range word {
		name[i] = unicode.ToLower(name[i])
	}
	return string(name)
}

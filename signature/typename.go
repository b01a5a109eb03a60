package signature

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func isReserved(name string) bool { return name == "map" || scalars[name] != nil }

// freeName returns the name for a Go type of the given Go name: that name as an
// identifier, with the smallest number from 2 behind it that makes it free.
func freeName(goName string, taken func(string) bool) string {
	base := identifier(goName)
	for n := 1; ; n++ {
		suffix := ""
		if n > 1 {
			suffix = strconv.Itoa(n)
		}
		name := base[:min(len(base), MaxName-len(suffix))] + suffix
		if !isReserved(name) && !taken(name) {
			return name
		}
	}
}

// identifier turns the Go name of a type into an identifier: the words in it, without
// the paths of packages, each but the first with a capital:
// "Page[example.com/shop.Item]" becomes "PageItem", "Pair[string,[]int]" "PairStringInt".
func identifier(goName string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(goName, func(r rune) bool {
		// What is left in a word is a name, qualified by a path of any runes but these.
		return strings.ContainsRune("[],;{}()* \"", r)
	}) {
		word = word[strings.LastIndexAny(word, "/.")+1:]
		word, _, _ = strings.Cut(word, "·") // the compiler numbers local types: "T·1"
		for i, r := range word {
			if i == 0 && b.Len() > 0 {
				r = unicode.ToUpper(r)
			}
			if !isASCIIWord(r) {
				r = '_'
			}
			b.WriteRune(r)
		}
	}
	return b.String() // begins as the Go name does: no digit
}

func isASCIIWord(r rune) bool { return r < utf8.RuneSelf && isWordByte(byte(r)) }

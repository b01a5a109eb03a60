package arguments

import (
	"regexp"
	"strings"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/signature"
)

// byName is a word that names its parameter, if it does.
var byName = regexp.MustCompile(`(?s)^([A-Za-z_][A-Za-z0-9_]*)(:?=)(.*)$`)

// ParseWords returns a method's arguments, each as msgpack. Words from the index dash
// on are values as they stand; -1: none. The error has all that is wrong with them.
func ParseWords(m *signature.Method, words []string, dash int) ([][]byte, error) {
	b := newList(m)
	for i, word := range words {
		word = cli.Unprotected(word)
		if dash >= 0 && i >= dash {
			b.next(word, false)
		} else if text, raw := strings.CutPrefix(word, ":="); raw {
			b.next(text, true)
		} else if parts := byName.FindStringSubmatch(word); parts != nil && !b.isPadded(parts) {
			b.named(parts[1], parts[3], parts[2] == ":=")
		} else {
			b.next(word, false)
		}
	}
	return b.finish()
}

// Given reports whether words hold a parameter, by its name or in order.
func Given(words []string, index int, name string) bool {
	inOrder := 0
	for _, word := range words {
		if parts := byName.FindStringSubmatch(word); parts == nil {
			inOrder++
		} else if parts[1] == name {
			return true
		}
	}
	return index < inOrder
}

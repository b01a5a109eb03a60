package arguments

import (
	"regexp"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/signature"
)

// byName is a word that names its parameter, whether there is one of that name or not.
var byName = regexp.MustCompile(`(?s)^([A-Za-z_][A-Za-z0-9_]*)(:?=)(.*)$`)

// naming takes apart a word that names a parameter: it returns the word, the name, what stands behind that, and
// the value; nil: it names none. A name of other letters than byName's is one where the method has it.
func naming(m *signature.Method, word string) []string {
	if parts := byName.FindStringSubmatch(word); parts != nil {
		return parts
	}
	params := m.Params
	if m.Sends != nil {
		params = append(slices.Clip(params), *m.Sends)
	}
	for _, p := range params {
		rest, found := strings.CutPrefix(word, p.Name)
		if !found || p.Name == "" {
			continue
		}
		for _, sign := range []string{":=", "="} {
			if value, found := strings.CutPrefix(rest, sign); found {
				return []string{word, p.Name, sign, value}
			}
		}
	}
	return nil
}

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
		} else if parts := naming(m, word); parts != nil && !b.isPadded(parts) {
			b.named(parts[1], parts[3], parts[2] == ":=")
		} else {
			b.next(word, false)
		}
	}
	return b.finish()
}

// Given reports whether words hold the parameter at an index, by its name or in order.
func Given(m *signature.Method, words []string, index int) bool {
	inOrder := 0
	for _, word := range words {
		if parts := naming(m, word); parts == nil {
			inOrder++
		} else if parts[1] == m.Params[index].Name {
			return true
		}
	}
	return index < inOrder
}

// Package shell writes command lines that people paste into a shell. They hold words of
// others, which are quoted for a POSIX shell, and so that nothing in them has to be shown
// in escapes.
package shell

import (
	"strings"

	"github.com/helium-rpc/helium/internal/visible"
)

// Line returns a command that a shell takes as these words.
func Line(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Word(word)
	}
	return strings.Join(quoted, " ")
}

// Word is text that a shell takes for one word.
func Word(text string) string {
	if text != "" && text[0] != '=' && strings.IndexFunc(text, special) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// special reports a character that some shell takes for more than itself.
func special(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("_-.:/@%+,=", r)
}

// Comment is text behind a command. Where a shell has no comments on its prompt, it
// is words to it.
func Comment(text string) string {
	if text = visible.Line(text); strings.ContainsFunc(text, func(r rune) bool {
		return special(r) && !strings.ContainsRune(` "[]{}`, r)
	}) {
		text = Word(text)
	}
	return "   # " + text
}

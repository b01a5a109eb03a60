package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/helium-rpc/helium/internal/visible"
)

// A command line that is printed is pasted into a shell, and holds words of others. They
// are quoted for a POSIX shell, and so that nothing in them has to be shown in escapes.

// commandLine returns a command that a shell takes as these words.
func commandLine(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = shellWord(word)
	}
	return strings.Join(quoted, " ")
}

// shellWord is text that a shell takes for one word.
func shellWord(text string) string {
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

// shellComment is text behind a command. Where a shell has no comments on its prompt, it
// is words to it.
func shellComment(text string) string {
	if text = visible.Line(text); strings.ContainsFunc(text, func(r rune) bool {
		return special(r) && !strings.ContainsRune(` "[]{}`, r)
	}) {
		text = shellWord(text)
	}
	return "   # " + text
}

// textArgument returns the word of "helium call" for a text: as it is if it means itself
// there, else in JSON.
func textArgument(text string) string {
	switch {
	case strings.HasPrefix(text, "-"), strings.HasPrefix(text, ":="), byName.MatchString(text), visible.Line(text) != text:
		var asJSON bytes.Buffer
		enc := json.NewEncoder(&asJSON)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(text) // text can be
		return jsonArgument(asJSON.Bytes())
	}
	return text
}

// jsonArgument returns the word of "helium call" for a value in JSON, on one line.
func jsonArgument(value []byte) string {
	return ":=" + oneLine(value)
}

// oneLine returns JSON of the same value without ends of lines, or what a terminal acts
// upon.
func oneLine(value []byte) string {
	var compact bytes.Buffer
	if json.Compact(&compact, value) == nil {
		value = compact.Bytes()
	}
	return string(visible.JSON(value))
}

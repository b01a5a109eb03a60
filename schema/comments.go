package schema

import (
	"strings"

	"github.com/helium-rpc/helium/internal/visible"
)

// blanks are written as a blank in a comment, and ends of lines as one end.
var blanks = strings.NewReplacer("\t", " ", "\r\n", "\n")

// shown returns the text of a comment, with what an editor or a terminal would act upon,
// and what else ends a line in JavaScript, as escapes.
func shown(text string) string { return visible.Text(blanks.Replace(text)) }

// commentLine is text that stays on its line.
func commentLine(text string) string {
	return strings.Join(strings.Fields(shown(text)), " ")
}

// docAnd joins a comment and what follows it.
func docAnd(doc, more string) string {
	doc, more = strings.TrimSpace(doc), strings.TrimSpace(more)
	if doc == "" || more == "" {
		return doc + more
	}
	return doc + "\n\n" + more
}

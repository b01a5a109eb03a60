package terminal

import (
	"fmt"
	"os"
)

// Style is how a terminal shows words, as the number of its escape sequence.
type Style int

// The styles of the command.
const (
	Bold   Style = 1
	Faint  Style = 2
	Red    Style = 31
	Green  Style = 32
	Yellow Style = 33
	Blue   Style = 34
)

// Colourful reports whether colours are seen, and wanted: NO_COLOR isn't set.
func (w *Writer) Colourful() bool {
	return w.Terminal() && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// Styled writes text as Write does, in a style where colours are seen.
func (w *Writer) Styled(style Style, text string) {
	if !w.Colourful() {
		fmt.Fprint(w, text)
		return
	}
	fmt.Fprintf(w.Exact(), "\x1b[%dm", style)
	fmt.Fprint(w, text)
	fmt.Fprint(w.Exact(), "\x1b[0m")
}

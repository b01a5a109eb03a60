package cli

import "github.com/helium-rpc/helium/internal/visible"

// Completion is a completion of a word, with what shells show beside it.
func Completion(word, description string) string {
	return visible.Line(word) + "\t" + visible.Line(description)
}

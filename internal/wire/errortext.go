package wire

import (
	"fmt"
	"strings"

	"github.com/helium-rpc/helium"
)

// An error that doesn't fit a message would be its caller's timeout. So errors are cut to
// what always fits.

// ErrorRoom returns how many bytes an error's message may have, and its details, and
// the metadata beside it, where messages may have so many.
func ErrorRoom(maxMessage int) int {
	return min(MaxErrorText, max(0, maxMessage-ErrorOverhead)/4)
}

// FitError returns a copy of e with its texts cut to what such a message takes.
func FitError(e *helium.Error, maxMessage int) *helium.Error {
	limit := ErrorRoom(maxMessage)
	c := *e
	c.Message = CutText(e.Message, limit)
	c.Reason = CutText(e.Reason, MaxReason)
	size := 0
	for k, v := range e.Details {
		size += len(k) + len(v)
	}
	if size > limit || len(e.Details) > MaxEntries {
		c.Details = map[string]string{"helium.details": fmt.Sprintf("left out: %d entries of %d bytes are too many", len(e.Details), size)}
	}
	return &c
}

// CutText shortens a text to a number of bytes, between two characters.
func CutText(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

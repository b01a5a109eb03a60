package rpcserver

import (
	"fmt"
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// An error that doesn't fit a message would be its caller's timeout. So errors are cut to
// what always fits.

// errorRoom returns how many bytes an error's message may have, and its details, and
// the metadata beside it, where messages may have so many.
func errorRoom(maxMessage int) int {
	return min(wire.MaxErrorText, max(0, maxMessage-wire.ErrorOverhead)/4)
}

// fitError returns a copy of e with its texts cut to what such a message takes.
func fitError(e *helium.Error, maxMessage int) *helium.Error {
	limit := errorRoom(maxMessage)
	c := *e
	c.Message = cutText(e.Message, limit)
	c.Reason = cutText(e.Reason, wire.MaxReason)
	size := 0
	for k, v := range e.Details {
		size += len(k) + len(v)
	}
	if size > limit || len(e.Details) > wire.MaxEntries {
		c.Details = map[string]string{"helium.details": fmt.Sprintf("left out: %d entries of %d bytes are too many", len(e.Details), size)}
	}
	return &c
}

// cutText shortens a text to a number of bytes, between two characters.
func cutText(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

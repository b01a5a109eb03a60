package main

import (
	"fmt"

	"github.com/helium-rpc/helium/internal/visible"
)

// announce tells that something which keeps running is there: by people() for people,
// as one line of JSON, or raw. Lines may follow it, so JSON isn't indented.
func (a *app) announce(item any, raw string, people func()) {
	switch {
	case a.output.machine():
		writeJSONLine(a.out, item)
	case a.output.form == "raw":
		fmt.Fprintln(a.out, visible.Line(raw))
	default:
		people()
	}
}

package signature_test

import (
	"testing"

	"github.com/helium-rpc/helium/signature"
)

func TestWireNamesLowerTheFirstWord(t *testing.T) {
	for goName, want := range map[string]string{
		"":           "",
		"X":          "x",
		"Add":        "add",
		"GetUser":    "getUser",
		"GetHTTP":    "getHTTP",
		"HTTPGet":    "httpGet",
		"URLFor":     "urlFor",
		"ID":         "id",
		"IDs":        "ids",
		"IDsOf":      "idsOf",
		"DBsync":     "dBsync",
		"HTTPServer": "httpServer",
		"ISee":       "iSee",
		"AString":    "aString",
		"As":         "as",
		"H2Get":      "h2Get",
		"SHA256Of":   "sha256Of",
		"HTTP_Get":   "http_Get",
		"already":    "already",
		"_Add":       "_Add",
		"Ändern":     "ändern",
	} {
		if got := signature.WireName(goName); got != want {
			t.Errorf("WireName(%q): got %q, want %q", goName, got, want)
		}
	}
}

package wire

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// CheckName refuses a name that can't be a subject token: names match
// [A-Za-z][A-Za-z0-9_-]{0,63}. What names the thing in the error, such as "service".
func CheckName(what, name string) error {
	if validName(name) {
		return nil
	}
	switch {
	case name == "":
		return fmt.Errorf("the %s has no name; names match [A-Za-z][A-Za-z0-9_-]{0,%d}", what, MaxName-1)
	case len(name) > MaxName:
		return fmt.Errorf("%s name %.20q… is %d bytes long; at most %d fit", what, name, len(name), MaxName)
	}
	return fmt.Errorf("%s name %q isn't allowed; names match [A-Za-z][A-Za-z0-9_-]{0,%d}", what, name, MaxName-1)
}

func validName(name string) bool {
	if name == "" || len(name) > MaxName {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '_' || c == '-')) {
			return false
		}
	}
	return true
}

// NewInstance returns a fresh, unguessable name for an instance.
func NewInstance() string { return "i" + strings.ToLower(rand.Text()[:19]) }

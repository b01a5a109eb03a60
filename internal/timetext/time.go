package timetext

import (
	"strings"
	"time"
)

// Time reads a time as in RFC 3339. Digits behind the ninth of a second's fraction have to be zeros.
func Time(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, ErrSyntax
	}
	const digits = 9
	if i := strings.IndexAny(text, ".,"); i >= 0 && len(text) > i+1+digits {
		beyond := strings.TrimLeft(text[i+1+digits:], "0")
		if beyond != "" && isDigit(beyond[0]) && strings.IndexFunc(text[i+1:i+1+digits], isNoDigit) < 0 {
			return time.Time{}, ErrFiner
		}
	}
	return t, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNoDigit(r rune) bool { return r < '0' || r > '9' }

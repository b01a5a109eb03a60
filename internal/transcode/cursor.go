package transcode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// cursor steps over JSON text that is known to be valid, so it checks nothing itself.
type cursor struct {
	text []byte
	off  int
}

// TrimMark takes off the byte order mark that some programs begin UTF-8 with. It says
// nothing in UTF-8, and in msgpack no arguments begin with its first byte.
func TrimMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// newCursor checks that text is exactly one JSON value, behind a byte order mark or none.
func newCursor(text []byte) (cursor, error) {
	text = TrimMark(text)
	if json.Valid(text) {
		return cursor{text: text}, nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(text, &raw)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return cursor{}, fmt.Errorf("the JSON is wrong at byte %d: %w", syntax.Offset, err)
	}
	return cursor{}, fmt.Errorf("the JSON is wrong: %w", err)
}

// peek steps over blanks and returns the next byte.
func (c *cursor) peek() byte {
	for {
		switch b := c.text[c.off]; b {
		case ' ', '\t', '\r', '\n':
			c.off++
		default:
			return b
		}
	}
}

// take steps over the next byte behind blanks.
func (c *cursor) take() {
	c.peek()
	c.off++
}

// more reports whether an array or object that began with n values has another one,
// and steps over the comma before it or over the closing bracket.
func (c *cursor) more(n int) bool {
	switch c.peek() {
	case ']', '}':
		c.off++
		return false
	}
	if n > 0 {
		c.off++
	}
	return true
}

// literal steps over a string, number, bool or null and returns its text.
func (c *cursor) literal() []byte {
	quoted := c.peek() == '"'
	start := c.off
	for c.off++; c.off < len(c.text); c.off++ {
		switch b := c.text[c.off]; {
		case !quoted && isDelimiter(b):
			return c.text[start:c.off]
		case quoted && b == '\\':
			c.off++
		case quoted && b == '"':
			c.off++
			return c.text[start:c.off]
		}
	}
	return c.text[start:]
}

// isDelimiter reports whether b can follow a number or a word.
func isDelimiter(b byte) bool {
	switch b {
	case ',', ']', '}', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}

// key steps over the key of an object and the colon behind it, and returns the key.
func (c *cursor) key() (string, error) {
	literal := c.literal()
	c.take()
	key, err := unquote(literal)
	if err != nil {
		return "", problemf("the key %v", err)
	}
	return key, nil
}

// skip steps over any value and returns its text.
func (c *cursor) skip() []byte {
	c.peek()
	start := c.off
	for depth := 0; ; {
		switch c.peek() {
		case '[', '{':
			depth++
			c.off++
		case ']', '}':
			depth--
			c.off++
		case ',', ':':
			c.off++
			continue
		default:
			c.literal()
		}
		if depth == 0 {
			return c.text[start:c.off]
		}
	}
}

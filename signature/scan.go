package signature

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// scanner reads the tokens of a text. Blanks may stand between any two of them.
type scanner struct {
	text string
	pos  int // in text, of the next byte
}

func newScanner(text string) (scanner, error) {
	s := scanner{text: text}
	if len(text) > MaxLength {
		return s, fmt.Errorf("%.40q… is %d bytes long; at most %d fit", text, len(text), MaxLength)
	}
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return s, s.errorf(i, "the text isn't UTF-8")
			}
		}
	}
	return s, nil
}

// name reads the name of a field or parameter: an identifier or a JSON string.
func (s *scanner) name() (string, error) {
	start := s.blanks()
	if s.peek() != '"' {
		word := s.word()
		switch word {
		case "":
			return "", s.errorf(start, "want a name")
		case "map":
			return "", s.errorf(start, `the name map is written "map"`)
		}
		return word, nil
	}
	s.pos++
	for s.pos < len(s.text) && s.text[s.pos] != '"' {
		if s.text[s.pos] == '\\' {
			s.pos++
		}
		s.pos++
	}
	if s.pos >= len(s.text) {
		s.pos = len(s.text)
		return "", s.errorf(start, "the quotes aren't closed")
	}
	s.pos++
	var name string
	if err := json.Unmarshal([]byte(s.text[start:s.pos]), &name); err != nil {
		return "", s.errorf(start, "the quoted name isn't a JSON string")
	}
	if name == "" {
		return "", s.errorf(start, "the name is empty")
	}
	return name, nil
}

// word reads an identifier, "" if none is there.
func (s *scanner) word() string {
	start := s.blanks()
	for s.pos < len(s.text) && isWordByte(s.text[s.pos]) {
		s.pos++
	}
	if !isIdentifier(s.text[start:s.pos]) {
		s.pos = start
	}
	return s.text[start:s.pos]
}

// blanks steps over blanks and returns where they end.
func (s *scanner) blanks() int {
	for s.pos < len(s.text) && s.text[s.pos] == ' ' {
		s.pos++
	}
	return s.pos
}

// peek returns the next byte behind blanks, 0 at the end.
func (s *scanner) peek() byte {
	if s.blanks() == len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

func (s *scanner) take(c byte) bool {
	if s.blanks() == len(s.text) || s.text[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) expect(c byte) error {
	if !s.take(c) {
		return s.errorf(s.pos, "want %q", string(c))
	}
	return nil
}

func (s *scanner) end() error {
	if s.blanks() < len(s.text) {
		return s.errorf(s.pos, "want nothing more")
	}
	return nil
}

// errorf makes an error about the byte at pos. The message shows little of the text,
// which can be long and anyone's.
func (s *scanner) errorf(pos int, format string, args ...any) error {
	found := "the end"
	if pos < len(s.text) {
		found = fmt.Sprintf("%.16q", s.text[pos:])
	}
	return fmt.Errorf("%.60q, column %d: %s; found %s", s.text, pos+1, fmt.Sprintf(format, args...), found)
}

// shorten cuts s to about n bytes for a message.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

package visible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns text that a terminal only shows. What it would act upon or hide stands
// there as Go writes it in a string: \x1b, \u202e, \U000e0041. Ends of lines and tabs stay.
func Text(text string) string { return shown(text, forLines) }

// Line is Text for a place of one line: ends of lines and tabs are shown too.
func Line(text string) string { return shown(text, forLine) }

// shown escapes what form doesn't let through.
func shown(text string, f form) string {
	at := f.first(text)
	if at < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	for at >= 0 {
		b.WriteString(text[:at])
		r, size := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, text[at])
		} else {
			f.escape(&b, r)
		}
		text = text[at+size:]
		at = f.first(text)
	}
	b.WriteString(text)
	return b.String()
}

// form is a place where text stands, by what needs no escape there.
type form int

const (
	forLines form = iota // of a terminal
	forLine              // one of them
	forJSON              // a document, whose own blanks aren't text
)

// first returns where the first character stands that needs an escape, -1 for none.
func (f form) first(text string) int {
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b >= ' ' && b < 0x7f:
		case b < ' ' || b == 0x7f:
			if f == forLine || b != '\n' && b != '\t' && (b != '\r' || f != forJSON) {
				return i
			}
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 || hidden(r) {
				return i
			}
			i += size - 1
		}
	}
	return -1
}

func (f form) escape(b *strings.Builder, r rune) {
	switch {
	case f == forJSON && r > 0xffff:
		high, low := utf16.EncodeRune(r)
		fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
	case f == forJSON:
		fmt.Fprintf(b, `\u%04x`, r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	case r > 0xffff:
		fmt.Fprintf(b, `\U%08x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}

// hidden reports a character beyond ASCII that a terminal acts upon or doesn't show: the
// controls U+0080 to U+009F, which some take for escape sequences; bidirectional and other
// format characters, zero-width ones and tags; separators of lines; what Unicode says may
// be ignored, variation selectors among it; and what is no character.
func hidden(r rune) bool {
	switch {
	case r < 0xa0:
		return true
	case r < 0x300:
		return r == 0xad // the soft hyphen
	}
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point)
}

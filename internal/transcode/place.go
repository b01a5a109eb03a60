package transcode

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/helium-rpc/helium/signature"
)

// problem is what is wrong with a value, and where in it.
type problem struct {
	path string // such as people[3].age; "" for the value itself
	text string
}

func (p *problem) Error() string {
	if p.path == "" {
		return p.text
	}
	return p.path + ": " + p.text
}

func problemf(format string, args ...any) error {
	return &problem{text: fmt.Sprintf(format, args...)}
}

// inside puts a segment, such as "age" or "[3]", before the path of an error that
// came from there.
func inside(segment string, err error) error {
	p, ok := errors.AsType[*problem](err)
	if !ok {
		return err
	}
	if p.path != "" && p.path[0] != '[' {
		segment += "."
	}
	return &problem{path: segment + p.path, text: p.text}
}

func indexSegment(i int) string { return "[" + strconv.Itoa(i) + "]" }

func keySegment(key string) string { return "[" + quote(key) + "]" }

// argument says which argument an error is about, counted from 0: "argument 2 (b)".
func argument(i int, m *signature.Method, err error) error {
	if p := parameter(i, m); p != nil && p.Name != "" {
		return fmt.Errorf("argument %d (%s): %w", i+1, shorten(p.Name), err)
	}
	return fmt.Errorf("argument %d: %w", i+1, err)
}

// quote and shorten make text of the other side's fit for a message: short, and
// without what a terminal would act upon.
func quote(s string) string { return strconv.Quote(shorten(s)) }

func shorten(s string) string {
	const most = 60
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

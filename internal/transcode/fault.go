package transcode

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
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

// Faults are all that is wrong with some values, in their order, up to mostFaults of them.
type Faults []error

// mostFaults bounds what is told: values come from strangers, and nobody reads more.
const mostFaults = 20

func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i, err := range f {
		texts[i] = err.Error()
	}
	return sentence(texts...)
}

// Unwrap lets errors.As find any of them.
func (f Faults) Unwrap() []error { return f }

// Add takes in what is wrong with one part of a value. It returns false once nothing more
// is to be looked for: there are enough faults, or this one says nothing of the value
// alone, as there is no end of the value to go on from.
func (f *Faults) Add(err error) bool {
	switch err := err.(type) {
	case Faults:
		*f = append(*f, err...)
	case *problem:
		*f = append(*f, err)
	default:
		*f = Faults{err}
		return false
	}
	return len(*f) < mostFaults
}

// Err returns the faults as one error, nil if there are none.
func (f Faults) Err() error {
	switch len(f) {
	case 0:
		return nil
	case 1:
		return f[0]
	}
	return f[:min(len(f), mostFaults)]
}

// inside puts a segment, such as "age" or "[3]", before the path of an error that
// came from there.
func inside(segment string, err error) error {
	switch err := err.(type) {
	case *problem:
		if err.path != "" && err.path[0] != '[' {
			segment += "."
		}
		return &problem{path: segment + err.path, text: err.text}
	case Faults:
		moved := make(Faults, len(err))
		for i := range err {
			moved[i] = inside(segment, err[i])
		}
		return moved
	}
	return err
}

func indexSegment(i int) string { return "[" + strconv.Itoa(i) + "]" }

func keySegment(key string) string { return "[" + quote(key) + "]" }

// sentence joins phrases, of which some are questions.
func sentence(phrases ...string) string {
	var b strings.Builder
	for i, phrase := range phrases {
		switch {
		case i == 0:
		case strings.HasSuffix(phrases[i-1], "?"):
			b.WriteByte(' ')
		default:
			b.WriteString("; ")
		}
		b.WriteString(phrase)
	}
	return b.String()
}

func enumerate(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " …"
	}
	return strings.Join(names, ", ")
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

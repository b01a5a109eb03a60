package codec

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// ValueError says that a value doesn't fit the Go type that it should go to, or can't be
// sent.
type ValueError struct {
	// Path leads to the value from the outermost one, such as people[3].age. It is
	// empty for the outermost value itself.
	Path string
	// Problem says what is wrong and, where it isn't plain, what to do.
	Problem string

	cause error
}

// Error returns the place and the problem.
func (e *ValueError) Error() string {
	switch {
	case e.Path == "":
		return e.Problem
	case e.Path[0] == '[':
		return fmt.Sprintf("element %s: %s", e.Path, e.Problem)
	}
	return fmt.Sprintf("field %q: %s", e.Path, e.Problem)
}

// Unwrap returns the error of a type's own method, if that is what failed.
func (e *ValueError) Unwrap() error { return e.cause }

func valueErrorf(format string, args ...any) *ValueError {
	return &ValueError{Problem: fmt.Sprintf(format, args...)}
}

// maxPath is how long the path in an error may be, in bytes.
const maxPath = 200

// keySegment stands in a path for a key of a map.
const keySegment = "[key]"

// inside puts a segment, such as "age" or "[3]", before the path of an error that
// came from there.
func inside(segment string, err error) error {
	e, ok := errors.AsType[*ValueError](err)
	if !ok {
		return err
	}
	path := segment
	switch {
	case e.Path == "":
	case e.Path[0] == '[':
		path += e.Path
	default:
		path += "." + e.Path
	}
	// In a value that contains itself the path is long and says little.
	return &ValueError{Path: cut(path, maxPath), Problem: e.Problem, cause: e.cause}
}

// indexOf is the path segment of an array's element.
func indexOf(i int) string { return "[" + strconv.Itoa(i) + "]" }

// nameOf is the path segment of a map's value. Keys come from the other side, so a
// long one is cut.
func nameOf(key string) string {
	return "[" + strconv.Quote(cut(key, 40)) + "]"
}

// cut returns the beginning of a text of more bytes than so many, up to a whole character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

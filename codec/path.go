package codec

import (
	"errors"
	"strconv"
)

// maxMapHint bounds the room that is made for a map before its entries are read.
const maxMapHint = 64

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
	if len(path) > maxPath {
		path = path[:maxPath] + "…"
	}
	return &ValueError{Path: path, Problem: e.Problem, cause: e.cause}
}

// indexOf is the path segment of an array's element.
func indexOf(i int) string { return "[" + strconv.Itoa(i) + "]" }

// nameOf is the path segment of a map's value. Keys come from the other side, so a
// long one is cut.
func nameOf(key string) string {
	const most = 40
	if len(key) > most {
		key = key[:most] + "…"
	}
	return "[" + strconv.Quote(key) + "]"
}

package wire

import (
	"errors"
	"strconv"
)

// maxMapHint bounds the room that is made for a map before its entries are read.
const maxMapHint = 64

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
	return &ValueError{Path: path, Problem: e.Problem}
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

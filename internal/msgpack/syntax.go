package msgpack

import (
	"errors"
	"fmt"
)

// MaxDepth is how many arrays and maps may lie inside each other in bytes that pass
// [Scan]. Sixty-four leaves room for any honest tree and keeps recursion in what
// decodes afterwards far from the end of the stack.
const MaxDepth = 64

// MaxElements is how many values one scanned value may hold in all, a map's keys and
// values counted singly. Every value takes at least a byte, so a payload of 4 MiB
// can't reach the limit.
const MaxElements = 1 << 22

// The causes of a [SyntaxError], for errors.Is.
var (
	ErrTruncated = errors.New("the data ends inside a value")
	ErrTrailing  = errors.New("data follows after the value; exactly one is allowed")
	ErrTooDeep   = fmt.Errorf("arrays and maps lie more than %d deep", MaxDepth)
	ErrTooMany   = fmt.Errorf("the value holds more than %d values", MaxElements)
	ErrReserved  = errors.New("the byte 0xc1 begins no msgpack value")
	ErrExtension = errors.New("an extension that isn't a timestamp; send its content as bytes or a map")
	ErrMapKey    = errors.New("an array or a map is the key of a map; keys are scalars")
	ErrNotArray  = errors.New("the value isn't an array")
)

// SyntaxError says where and why bytes were refused.
type SyntaxError struct {
	// Offset counts bytes from the start of the data.
	Offset int
	// Cause is one of the causes above.
	Cause error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("msgpack byte %d: %v", e.Offset, e.Cause) }

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Cause }

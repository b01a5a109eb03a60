// Package timetext reads times and durations from text, to the nanosecond or not at all: what package time would cut
// off, such as the tenth digit of a second, would arrive as something else.
package timetext

import "errors"

// Why a text isn't read.
var (
	ErrSyntax = errors.New("it isn't written so")
	ErrFiner  = errors.New("it is finer than a nanosecond")
	ErrRange  = errors.New("it is longer than what 64 bits of nanoseconds hold")
)

// Longest is the longest duration, as people read it.
const Longest = "2562047h, which is 292 years"

package timetext

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// units are those of durations, in nanoseconds.
var units = map[string]uint64{
	"ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
}

// Duration reads what [time.ParseDuration] does, such as "1h30m" or "-1.5ms", and exactly: what isn't a whole number
// of nanoseconds is ErrFiner.
func Duration(text string) (time.Duration, error) {
	rest, negative := strings.CutPrefix(text, "-")
	if !negative {
		rest, _ = strings.CutPrefix(rest, "+")
	}
	if rest == "0" {
		return 0, nil
	}
	if rest == "" {
		return 0, ErrSyntax
	}
	var sum uint64
	var wrong error // what is wrong with the size of a part; the others are read all the same
	for rest != "" {
		var p part
		var ok bool
		if p, rest, ok = nextPart(rest); !ok {
			return 0, ErrSyntax
		}
		n, err := p.nanoseconds()
		if wrong == nil {
			wrong = err
		}
		if sum += n; sum > 1<<63 && wrong == nil || sum < n {
			wrong = ErrRange
		}
	}
	switch {
	case wrong != nil:
		return 0, wrong
	case negative:
		return -time.Duration(sum), nil
	case sum > math.MaxInt64:
		return 0, ErrRange
	}
	return time.Duration(sum), nil
}

// part is a number with a unit, such as 1.5h.
type part struct {
	whole, fraction string
	unit            uint64
}

// nextPart takes the first part off a text.
func nextPart(text string) (p part, rest string, ok bool) {
	p.whole, rest = digitsOf(text)
	if after, point := strings.CutPrefix(rest, "."); point {
		p.fraction, rest = digitsOf(after)
	}
	if p.whole == "" && p.fraction == "" {
		return p, rest, false
	}
	end := strings.IndexAny(rest, ".0123456789")
	if end < 0 {
		end = len(rest)
	}
	p.unit, ok = units[rest[:end]]
	return p, rest[end:], ok
}

// digitsOf returns the digits that a text begins with, and what follows.
func digitsOf(text string) (digits, rest string) {
	rest = strings.TrimLeft(text, "0123456789")
	return text[:len(text)-len(rest)], rest
}

// nanoseconds returns how many a part is.
func (p part) nanoseconds() (uint64, error) {
	var whole uint64
	if digits := strings.TrimLeft(p.whole, "0"); digits != "" {
		n, err := strconv.ParseUint(digits, 10, 64)
		hi, lo := bits.Mul64(n, p.unit)
		if err != nil || hi != 0 || lo > 1<<63 {
			return 0, ErrRange
		}
		whole = lo
	}
	digits := strings.TrimRight(p.fraction, "0")
	if digits == "" {
		return whole, nil
	}
	const most = 13 // an hour is 2^13 times what 10 doesn't divide as often
	if len(digits) > most {
		return 0, ErrFiner
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, ErrSyntax // can't be: there are few digits
	}
	scale := uint64(1)
	for range digits {
		scale *= 10
	}
	hi, lo := bits.Mul64(n, p.unit)
	fraction, left := bits.Div64(hi, lo, scale)
	if left != 0 {
		return 0, ErrFiner
	}
	return whole + fraction, nil
}

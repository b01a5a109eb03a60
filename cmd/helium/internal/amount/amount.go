// Package amount says numbers, shares and times as people do: "1 address", "3 addresses",
// "1.23ms", "1m" and not "1m0s", "99.9%" and not "1e+02%".
package amount

import (
	"strconv"
	"strings"
	"time"
)

// Of returns a number of things: "1 instance", "2 instances".
func Of(n int, thing string) string { return strconv.Itoa(n) + " " + Many(n, thing) }

// OfAll returns a part of a number of things: "1 of 2 instances".
func OfAll(n, all int, thing string) string { return strconv.Itoa(n) + " of " + Of(all, thing) }

// Many returns what a number of things are called: "address", "addresses".
func Many(n int, thing string) string {
	switch {
	case n == 1:
		return thing
	case strings.HasSuffix(thing, "s"), strings.HasSuffix(thing, "x"), strings.HasSuffix(thing, "ch"), strings.HasSuffix(thing, "sh"):
		return thing + "es"
	case len(thing) > 1 && strings.HasSuffix(thing, "y") && !strings.ContainsAny(thing[len(thing)-2:len(thing)-1], "aeiou"):
		return thing[:len(thing)-1] + "ies"
	}
	return thing + "s"
}

// Round shortens a time to the three digits that matter: 1.23ms. Long ones keep their
// seconds, as what is counted by 60 has no digits to round.
func Round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for (d/unit >= 1000 || d/unit <= -1000) && unit < time.Second {
		unit *= 10
	}
	return d.Round(unit)
}

// Time returns a time with the three digits that matter, and no units of nothing.
func Time(d time.Duration) string { return Exact(Round(d)) }

// Exact returns a whole time without the units of nothing behind it: "1m", "720h".
func Exact(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Milliseconds returns a time in them, with at least three digits that count.
func Milliseconds(ms float64) string {
	if ms >= 999.5 || ms <= -999.5 {
		return strconv.FormatFloat(ms, 'f', 0, 64) + "ms"
	}
	return digits(ms, 3) + "ms"
}

// Share returns a part of all, from 0 to 1, as a percentage of at most four digits. Only
// none is 0%, and only all 100%.
func Share(v float64) string {
	switch text := digits(100*v, 4); {
	case v < 1 && text == "100":
		return "above 99.99%"
	case v > 0 && v < 1e-6:
		return "below 0.0001%"
	default:
		return text + "%"
	}
}

// Number returns a number with at least four digits that count, and never an exponent.
func Number(v float64) string {
	if v >= 100 || v <= -100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return digits(v, 4)
}

// Rate returns how often something is a second, with at least two digits that count.
func Rate(perSecond float64) string {
	switch {
	case perSecond >= 9.95 || perSecond <= 0:
		return strconv.FormatFloat(perSecond, 'f', 0, 64)
	case perSecond >= 0.095:
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	case perSecond < 0.001:
		return "<0.001"
	}
	return digits(perSecond, 2)
}

// digits returns a number with at most so many digits that count.
func digits(v float64, count int) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', count-1, 64), 64)
	if err != nil {
		rounded = v
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// InMS returns a time in milliseconds, to the nanosecond.
func InMS(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

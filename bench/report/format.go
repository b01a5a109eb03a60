package report

import (
	"fmt"
	"strconv"
	"time"

	"github.com/helium-rpc/helium/bench/measure"
)

// number writes a number with three digits that count, and thousands apart.
func number(v float64) string {
	switch a := max(v, -v); {
	case v == 0:
		return "0"
	case a >= 1000:
		return thousands(int64(v + 0.5))
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// micros writes a latency in µs so that it is read at a glance.
func micros(us float64) string {
	switch {
	case us >= 1e6:
		return number(us/1e6) + " s"
	case us >= 1000:
		return number(us/1000) + " ms"
	}
	return number(us) + " µs"
}

func duration(d time.Duration) string { return micros(float64(d) / float64(time.Microsecond)) }

// spread writes how far the rounds are apart, "±5 %".
func spread(s measure.Spread) string {
	return fmt.Sprintf("±%.0f %%", 50*s.Relative())
}

// orDash writes a number, or a dash where there is none.
func orDash(v float64) string {
	if v == 0 {
		return "–"
	}
	return number(v)
}

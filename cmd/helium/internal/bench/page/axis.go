package page

import (
	"math"
	"strconv"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
)

// The frame that charts are drawn in, in units of the SVG.
const (
	width, height         = 900.0, 280.0
	left, right           = 70.0, 70.0
	top, bottom           = 16.0, 40.0
	innerWidth            = width - left - right
	innerHeight           = height - top - bottom
	baseline              = height - bottom
	rightEdge             = width - right
	labelGap      float64 = 8
)

// axis places values between two bounds.
type axis struct {
	low, high   float64
	logarithmic bool
}

// share returns where a value lies, from 0 to 1.
func (a axis) share(v float64) float64 {
	low, high := a.low, a.high
	if a.logarithmic {
		low, high, v = math.Log(low), math.Log(high), math.Log(v)
	}
	if high <= low {
		return 0.5
	}
	return min(max((v-low)/(high-low), 0), 1)
}

func (a axis) x(v float64) float64 { return left + innerWidth*a.share(v) }
func (a axis) y(v float64) float64 { return baseline - innerHeight*a.share(v) }

// linear returns an axis from 0 to a round number above most.
func linear(most float64) axis {
	if most <= 0 {
		return axis{high: 1}
	}
	step := niceStep(most / 4)
	return axis{high: step * math.Ceil(most/step)}
}

// ticks are the round values along the axis.
func (a axis) ticks() (ticks []float64) {
	if !a.logarithmic {
		step := niceStep((a.high - a.low) / 4)
		for v := math.Ceil(a.low/step) * step; v <= a.high*(1+1e-9); v += step {
			ticks = append(ticks, v)
		}
		return ticks
	}
	for _, factors := range [][]float64{{1}, {1, 2, 5}} {
		ticks = ticks[:0]
		for decade := math.Pow(10, math.Floor(math.Log10(a.low))); decade <= a.high; decade *= 10 {
			for _, f := range factors {
				if v := decade * f; v >= a.low*(1-1e-9) && v <= a.high*(1+1e-9) {
					ticks = append(ticks, v)
				}
			}
		}
		if len(ticks) >= 3 {
			break
		}
	}
	return ticks
}

// niceStep returns 1, 2 or 5 times a power of ten, at least v.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if f*power >= v*(1-1e-9) {
			return f * power
		}
	}
	return 10 * power
}

func timeLabel(ns float64) string { return amount.Time(time.Duration(ns)) }

func countLabel(v float64) string {
	if v >= 10 {
		return count(int(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// count writes a number with its thousands apart: 1,234,567.
func count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

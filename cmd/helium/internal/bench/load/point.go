package load

import "time"

// Point is a part of the time.
type Point struct {
	// From and To are counted from the first call.
	From, To time.Duration
	// OK and Failed are how many calls were answered in it.
	OK, Failed int
	// P50, P99 and Max are latencies of those that succeeded; 0 if none did.
	P50, P99, Max time.Duration
}

// PerSecond is how many calls a second succeeded in this part.
func (p Point) PerSecond() float64 { return perSecond(p.OK, p.To-p.From) }

func perSecond(n int, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

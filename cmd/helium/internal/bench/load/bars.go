package load

import (
	"math"
	"time"
)

// Bar is how many calls took from From up to To.
type Bar struct {
	From, To time.Duration
	Count    int
}

// Bars returns the histogram of the latencies in at most n bars, whose bounds grow
// evenly by factor, since latencies spread over magnitudes. Nil if no call succeeded.
func (r *Result) Bars(n int) []Bar {
	if r.OK == 0 || n < 1 {
		return nil
	}
	low, high := float64(r.Min()), float64(r.Max())+1
	if high/low < 1.05 {
		n = 1 // all the same
	}
	step := math.Pow(high/low, 1/float64(n))
	bars := make([]Bar, n)
	for i := range bars {
		bars[i].From = time.Duration(low * math.Pow(step, float64(i)))
		bars[i].To = time.Duration(low * math.Pow(step, float64(i+1)))
	}
	for _, b := range r.latencies.Distribution() {
		if b.Count == 0 {
			continue
		}
		i := 0
		if n > 1 {
			// A bucket of the histogram counts where its middle is.
			i = int(math.Log(float64(b.From+b.To)/2/low) / math.Log(step))
		}
		bars[min(max(i, 0), n-1)].Count += int(b.Count)
	}
	return bars
}

package measure

import "slices"

// Spread is what several rounds of a measurement have in common, and how far apart
// they are.
type Spread struct{ Median, Low, High float64 }

// SpreadOf returns the spread of values, zero if there are none.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	return Spread{Median: Median(values), Low: slices.Min(values), High: slices.Max(values)}
}

// Relative is how far the rounds are apart, as a part of the median: 0.1 means that
// the highest is 10 % of the median above the lowest.
func (s Spread) Relative() float64 {
	if s.Median == 0 {
		return 0
	}
	return (s.High - s.Low) / s.Median
}

// Median returns the middle value, or the mean of the two in the middle; 0 if there
// are none. It leaves values as they are.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Percentile returns the smallest value that at least p % of the values don't exceed;
// the zero value if there are none. It leaves values as they are.
func Percentile[T int64 | float64](values []T, p float64) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(float64(len(sorted))*p/100+0.999999) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

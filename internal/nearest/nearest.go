// Package nearest finds the names that a person may have meant by one that nobody has.
package nearest

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// most is how many names are suggested.
const most = 3

// Names returns the few names that a person may have meant, nearest first. Each
// difference is a letter too many, too few or another; case counts less than one.
func Names(name string, names iter.Seq[string]) []string {
	// A third of the letters wrong is still the same word, more is another one.
	limit := min(1+len(name)/4, 3)
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	lower := strings.ToLower(name)
	for n := range names {
		// Where every letter is another one, nothing is near.
		if d := distance(lower, strings.ToLower(n), limit); d <= limit && d < max(len(n), len(name)) {
			near = append(near, candidate{n, d})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var found []string
	for _, c := range near {
		if len(found) < most && !slices.Contains(found, c.name) {
			found = append(found, c.name)
		}
	}
	return found
}

// distance returns the Levenshtein distance of two names, or limit+1 if it is more
// than limit. It looks only at cells within limit of the diagonal, so that a search
// through 20,000 names takes milliseconds.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		from, to := max(1, i-limit), min(len(b), i+limit)
		diagonal := row[from-1] // the cell up left of the first one
		if from == 1 {
			row[0] = i
		} else {
			row[from-1] = limit + 1 // outside the band
		}
		best := row[from-1]
		for j := from; j <= to; j++ {
			up := row[j]
			if j == i+limit {
				up = limit + 1 // outside the band of the row above
			}
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, up+1, row[j-1]+1)
			best = min(best, row[j])
		}
		if best > limit {
			return limit + 1
		}
	}
	return min(row[len(b)], limit+1)
}

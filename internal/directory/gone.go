package directory

import (
	"maps"
	"slices"
	"time"
)

// maxGone bounds how many instances that left are remembered, for each service. Of more at
// once the later half is: what a binder that is behind brings back of the others goes again
// with its next answer.
const maxGone = 10_000

// gone are the instances that left lately, with the events that told so.
type gone struct {
	last  map[string]observed
	swept time.Time // when the old ones were dropped
}

func newGone() gone { return gone{last: make(map[string]observed)} }

// add takes in that an instance left.
func (g *gone) add(instance string, told observed) {
	if _, known := g.last[instance]; !known && len(g.last) >= maxGone {
		times := make([]time.Time, 0, len(g.last))
		for left := range maps.Values(g.last) {
			times = append(times, left.at)
		}
		slices.SortFunc(times, time.Time.Compare)
		g.dropUntil(times[len(times)/2])
	}
	g.last[instance] = told
}

// sweep drops those that no answer can bring back any more, unless that was done lately.
func (g *gone) sweep(now time.Time) {
	if now.Sub(g.swept) > binderLag {
		g.swept = now
		g.dropUntil(now.Add(-binderLag))
	}
}

func (g *gone) dropUntil(t time.Time) {
	maps.DeleteFunc(g.last, func(_ string, left observed) bool { return !left.at.After(t) })
}

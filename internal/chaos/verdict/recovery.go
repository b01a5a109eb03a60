package verdict

import (
	"math"
	"slices"
	"sort"
	"time"
)

const (
	// stretch is how long calls have to go well to be said to go well.
	stretch = time.Second
	// wellShare is how many of them may fail all the same.
	wellShare = 0.01
)

// Never stands for the time until something that didn't happen.
const Never = time.Duration(math.MaxInt64)

// recovery returns the longest times from a fault's begin, and from a fault's end, until calls
// went well again.
func recovery(calls []*call, marks []Mark) (noticed, recovered time.Duration) {
	if len(calls) == 0 {
		return 0, 0
	}
	failed := make([]int, len(calls)+1) // of those before
	for i, c := range calls {
		failed[i+1] = failed[i]
		if !c.ok() {
			failed[i+1]++
		}
	}
	first, last := calls[0].made.Meant, calls[len(calls)-1].made.Meant
	for _, m := range marks {
		if at := m.At.UnixNano(); at < first || at > last {
			continue // these calls know nothing of it
		}
		took := untilWell(calls, failed, m.At.UnixNano())
		if m.Mend {
			recovered = max(recovered, took)
		} else {
			noticed = max(noticed, took)
		}
	}
	return noticed, recovered
}

// untilWell returns how long after a moment the first stretch begins in which calls go well.
func untilWell(calls []*call, failed []int, from int64) time.Duration {
	last := calls[len(calls)-1].made.Meant
	at := func(t int64) int {
		return sort.Search(len(calls), func(i int) bool { return calls[i].made.Meant >= t })
	}
	for begin := from; ; {
		first, end := at(begin), at(begin+int64(stretch))
		all := end - first
		if begin+int64(stretch) > last+int64(stretch)/10 || all == 0 {
			return Never
		}
		if float64(failed[end]-failed[first]) <= wellShare*float64(all) {
			return time.Duration(begin - from)
		}
		// The next stretch that can be better begins behind the first failure of this one.
		i := first
		for calls[i].ok() {
			i++
		}
		begin = calls[i].made.Meant + 1
	}
}

// rush returns how many moments lie within 100 ms at most.
func rush(moments []time.Time) (most int) {
	const within = 100 * time.Millisecond
	moments = slices.SortedFunc(slices.Values(moments), time.Time.Compare)
	first := 0
	for i, at := range moments {
		for at.Sub(moments[first]) > within {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

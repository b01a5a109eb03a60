package scenario

import (
	"slices"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// volume is a lot of what goes well: many items, a reader that is slow, many streams beside many calls. Nothing is
// broken here; that it is kept whole, in bounded memory and beside others is what is shown.
var volume = slices.Concat(
	byEachLink(Scenario{
		Name:    "10,000,000 small items",
		Promise: "ten million small items arrive in order, whoever sends them, and the memory of both ends stays",
		Loads: []Load{
			items("give", part.Load{Items: 10_000_000}, 0),
			items("take", part.Load{Items: 10_000_000}, 30*time.Second),
		},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Failed, 0),
			verdict.AtLeast(verdict.Came, 20_000_000),
			verdict.AtMost(verdict.RSSGrowth, 64),
		},
	}),
	byEachLink(Scenario{
		Name:    "slow readers, fast writers",
		Promise: "who reads slowly slows who writes fast, and nobody's memory grows",
		Loads: []Load{
			items("giveLarge", part.Load{Items: 10_000, Size: 10_000, Slow: 6 * time.Millisecond, Rate: 10}, 0),
			items("takeLarge", part.Load{Items: 10_000, Size: 10_000, Slow: 6 * time.Millisecond, Rate: 10}, 0),
		},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Failed, 0),
			verdict.AtLeast(verdict.Came, 200_000),
			verdict.AtMost(verdict.RSSGrowth, 64),
		},
	}),
	byEachLink(Scenario{
		Name:    "1,000 streams beside 10,000 calls/s",
		Promise: "with 1,000 streams at once the 99th percentile of 10,000 calls a second is at most 1.5 times what it is without them",
		Loads: []Load{
			{Load: part.Load{Name: "alone", Method: "run", Rate: 10_000, For: 8 * time.Second, Timeout: 2 * time.Second}},
			{Load: part.Load{Name: "streams", Method: "give", Rate: 1000, At: 9 * time.Second, For: time.Second, Timeout: time.Minute, Items: 120, Pause: 100 * time.Millisecond}},
			{Load: part.Load{Name: "beside", Method: "run", Rate: 10_000, At: 12 * time.Second, For: 8 * time.Second, Timeout: 2 * time.Second}},
		},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Failed, 0),
			verdict.AtLeast(verdict.Came, 120_000),
			verdict.AtMost(verdict.P99, 0.01).Of("alone").Needed(),
			verdict.AtMost(verdict.P99, 1.5).Of("beside").DividedBy("alone"),
		},
	}),
)

// items is streams of one kind, of which the first begins at a time: one, or as many as its rate says.
func items(method string, l part.Load, at time.Duration) Load {
	l.Name, l.Method, l.At, l.For, l.Timeout = method, method, at, time.Second, 10*time.Minute
	l.Rate = max(l.Rate, 1)
	return Load{Load: l}
}

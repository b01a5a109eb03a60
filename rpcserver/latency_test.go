package rpcserver

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestEachTimeFallsIntoABucketAnEighthOfItWide(t *testing.T) {
	for bucket := range bucketCount - 1 {
		bound := boundOf(bucket)
		if got := bucketOf(bound - 1); got != bucket {
			t.Errorf("%v falls into bucket %d, want %d", bound-1, got, bucket)
		}
		if got := bucketOf(bound); got != bucket+1 {
			t.Errorf("%v falls into bucket %d, want the next one, %d", bound, got, bucket+1)
		}
		if width := boundOf(bucket+1) - bound; width > bound/8 {
			t.Errorf("the bucket from %v is %v wide, want an eighth of it at most", bound, width)
		}
	}
	for took, want := range map[time.Duration]int{math.MinInt64: 0, -1: 0, 0: 0, 1: 0, 1 << 40: bucketCount - 1, math.MaxInt64: bucketCount - 1} {
		if got := bucketOf(took); got != want {
			t.Errorf("%v falls into bucket %d, want %d", took, got, want)
		}
	}
}

func TestQuantilesAreRightToWithinAnEighth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h histogram
	times := make([]time.Duration, 10_000)
	for i := range times {
		times[i] = time.Duration(math.Exp(random.NormFloat64()*2 + 14)) // about 1 ms, widely spread
		h.observe(times[i])
	}
	slices.Sort(times)
	l := h.snapshot()
	if got := l.Count(); got != uint64(len(times)) {
		t.Errorf("Count = %d, want %d", got, len(times))
	}
	for _, q := range []float64{0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1} {
		want := times[int(q*float64(len(times)))-1]
		if got := l.Quantile(q); math.Abs(float64(got-want)) > float64(want)/8+1024 {
			t.Errorf("Quantile(%v) = %v, want %v to within an eighth", q, got, want)
		}
	}
	var none Latency
	if got := none.Quantile(0.5); got != 0 {
		t.Errorf("Quantile of no calls = %v, want 0", got)
	}
	if first, last := l.Quantile(-1), l.Quantile(2); first > last || last > boundOf(bucketOf(times[len(times)-1])) {
		t.Errorf("Quantile(-1), Quantile(2) = %v, %v; want the ends", first, last)
	}
}

func TestALatencyTravelsAsBoundsAndCalls(t *testing.T) {
	var h histogram
	for _, took := range []time.Duration{0, 1023, 1024, 1151, 1152, time.Millisecond, time.Hour} {
		h.observe(took)
	}
	l := h.snapshot()
	text, err := json.Marshal(l)
	if want := "[[1024,2],[1152,2],[1280,1],[1048576,1],[1099511627776,1]]"; string(text) != want || err != nil {
		t.Errorf("got %s, %v; want %s", text, err, want)
	}
	var back Latency
	if err := json.Unmarshal(text, &back); err != nil || back != l {
		t.Errorf("got %v, %v back; want what was sent", back, err)
	}
	if text, _ := json.Marshal(Latency{}); string(text) != "[]" {
		t.Errorf("no calls are %s, want []", text)
	}
	for _, bad := range []string{`{}`, `[[1]`, `[["a", 1]]`, `[[-1, 1]]`, `[[1024, -1]]`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was read as a latency, want an error", bad)
		}
	}
	// Bounds of somebody else's count where they fall.
	if err := json.Unmarshal([]byte(`[[0, 1], [1100, 2], [18446744073709551615, 3]]`), &back); err != nil || back.counts[0] != 1 || back.counts[1] != 2 || back.counts[bucketCount-1] != 3 {
		t.Errorf("got %v, %v; want 1, 2 and 3 calls in the first, the second and the last bucket", back, err)
	}
}

func TestLatenciesAddUpAndTheirDifferenceIsWhatCameSince(t *testing.T) {
	var h histogram
	h.observe(time.Millisecond)
	earlier := h.snapshot()
	h.observe(time.Millisecond)
	h.observe(time.Second)
	later := h.snapshot()
	since := later.Since(&earlier)
	if got := since.Count(); got != 2 {
		t.Errorf("%d calls since, want 2", got)
	}
	since.Add(&earlier)
	if since != later {
		t.Errorf("earlier + since = %v, want %v", since, later)
	}
	if restarted := earlier.Since(&later); restarted != earlier {
		t.Errorf("since a histogram that had more: %v, want all calls", restarted)
	}
}

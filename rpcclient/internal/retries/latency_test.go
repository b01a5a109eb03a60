package retries

import (
	"testing"
	"time"
)

func TestTheLatestCallsSayHowLong95InAHundredTake(t *testing.T) {
	l := new(Latency)
	for i := range fewestCalls - 1 {
		l.Observe(time.Second)
		if got := l.Percentile95(); got != 0 {
			t.Fatalf("after %d calls it is %v, want 0: not known", i+1, got)
		}
	}
	for i := range 10 * latestCalls { // 1 to 100 ms, again and again
		l.Observe(time.Duration(i*37%100+1) * time.Millisecond)
	}
	if got := l.Percentile95(); got < 93*time.Millisecond || got > 97*time.Millisecond {
		t.Errorf("of 1 to 100 ms it is %v, want about 95 ms", got)
	}
	for range latestCalls + recount { // what was before is forgotten
		l.Observe(time.Millisecond)
	}
	if got := l.Percentile95(); got != time.Millisecond {
		t.Errorf("of 1 ms alone it is %v", got)
	}
	for i := range latestCalls + recount { // 4 in 100
		took := time.Millisecond
		if i%25 == 0 {
			took = time.Minute
		}
		l.Observe(took)
	}
	if got := l.Percentile95(); got != time.Millisecond {
		t.Errorf("with few that take long it is %v, want 1 ms", got)
	}
}

func TestWhatIsKnownOfAServiceIsForgottenWithIt(t *testing.T) {
	all := new(Latencies)
	one := all.Of("math", "add")
	if again := all.Of("math", "add"); again != one {
		t.Error("the latency of a method isn't the same one again")
	}
	if other := all.Of("math", "sub"); other == one {
		t.Error("two methods have one latency")
	}
	all.Forget("math")
	if again := all.Of("math", "add"); again == one {
		t.Error("the latency outlives its service")
	}
}

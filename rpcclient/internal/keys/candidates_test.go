package keys

import (
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/internal/link"
)

func someCandidates(n int) Candidates {
	var at []*link.Method
	for i := range n {
		at = append(at, &link.Method{Endpoint: &link.Endpoint{Instance: fmt.Sprint("i", i)}})
	}
	nobody := func(string) bool { return false }
	return NewCandidates(at, nobody, nobody)
}

func TestAKeyTakesItsNextInstanceWhileAnyIsNotToBeAvoided(t *testing.T) {
	all, key := someCandidates(5), New("customer-7")
	var avoid []string
	seen := make(map[string]bool)
	for range 5 {
		instance := all.Choose(&key, avoid).Endpoint.Instance
		if seen[instance] {
			t.Errorf("picked %s again, avoiding %v", instance, avoid)
		}
		seen[instance] = true
		avoid = append(avoid, instance)
	}
	if got := all.Choose(&key, avoid); got != nil {
		t.Errorf("with all to be avoided, picked %s, want none", got.Endpoint.Instance)
	}
}

func TestWithoutAKeyEachThatIsThereGetsItsShareOfWhatThoseWouldThatAreGone(t *testing.T) {
	all := someCandidates(8)
	there := map[string]int{"i0": 0, "i6": 0}
	for i := range all {
		_, is := there[all[i].to.Endpoint.Instance]
		all[i].gone = !is
	}
	const picks = 10_000
	for range picks {
		there[all.Choose(new(Key), nil).Endpoint.Instance]++
	}
	if len(there) != 2 || there["i0"] < picks*4/10 || there["i6"] < picks*4/10 {
		t.Errorf("of %d calls the instances got %v, want i0 and i6 about as many", picks, there)
	}
}

func TestPickingAllocatesNothing(t *testing.T) {
	all, avoid := someCandidates(20), []string{"i3"}
	pick := func() {
		key := New("customer-7")
		all.Choose(&key, avoid)
	}
	if n := testing.AllocsPerRun(100, pick); n != 0 {
		t.Errorf("picking one of 20 instances allocates %v times, want none", n)
	}
}

func BenchmarkPick(b *testing.B) {
	for _, n := range []int{2, 20, 200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			all := someCandidates(n)
			for b.Loop() {
				key := New("customer-7")
				all.Choose(&key, nil)
			}
		})
	}
}

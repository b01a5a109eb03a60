package rpcclient

import (
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/internal/link"
)

func someCandidates(n int) candidates {
	var at []*link.Method
	for i := range n {
		at = append(at, &link.Method{Endpoint: &link.Endpoint{Instance: fmt.Sprint("i", i)}})
	}
	nobody := func(string) bool { return false }
	return newCandidates(at, nobody, nobody)
}

func TestAKeyTakesItsNextInstanceWhileAnyIsNotToBeAvoided(t *testing.T) {
	all, key := someCandidates(5), newRoutingKey("customer-7")
	var avoid []string
	seen := make(map[string]bool)
	for range 5 {
		instance := all.choose(key, avoid).Endpoint.Instance
		if seen[instance] {
			t.Errorf("picked %s again, avoiding %v", instance, avoid)
		}
		seen[instance] = true
		avoid = append(avoid, instance)
	}
	w := &way{each: all}
	if got := w.choose(key, avoid).Endpoint.Instance; got != avoid[0] {
		t.Errorf("with all to be avoided, picked %s, want %s as if none was", got, avoid[0])
	}
}

func TestPickingAllocatesNothing(t *testing.T) {
	all, avoid := someCandidates(20), []string{"i3"}
	if n := testing.AllocsPerRun(100, func() { all.choose(newRoutingKey("customer-7"), avoid) }); n != 0 {
		t.Errorf("picking one of 20 instances allocates %v times, want none", n)
	}
}

func BenchmarkPick(b *testing.B) {
	for _, n := range []int{2, 20, 200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			all := someCandidates(n)
			for b.Loop() {
				all.choose(newRoutingKey("customer-7"), nil)
			}
		})
	}
}

package direct

import (
	"testing"
	"time"

	"github.com/helium-rpc/helium"
)

// NATS logs each refusal, and permits tickets of all of a service's instances, or of none.
func TestOfManyInstancesOneIsAskedAMinuteForATicketThatNATSRefuses(t *testing.T) {
	inFakeTime(t, func(w *world) {
		const instances, minutes = 20, 60
		var offers []Offer
		var all []*server
		for range instances {
			s := w.server()
			all, offers = append(all, s), append(offers, offer(s))
		}
		asked := func() (n int) {
			for _, s := range all {
				n += w.calls.times(s.config.Instance, "math")
			}
			return n
		}
		use := func(d time.Duration) {
			for range d / time.Second {
				w.calls.call("math")
				time.Sleep(time.Second)
			}
		}
		w.refuse(helium.ErrNotPermitted.WithOutcome(helium.NotExecuted))
		w.client.Told("math", offers)
		use(10 * time.Second)
		first := asked()
		if first != instances {
			t.Errorf("at first %d tickets were asked for, want one of each of %d instances", first, instances)
		}
		use(minutes * time.Minute)
		if again := asked() - first; again < minutes/2 || again > 2*minutes {
			t.Errorf("in %d minutes %d more were asked for, want about one a minute", minutes, again)
		}
		for _, s := range w.client.States() {
			if s.Reason == nil || s.Retry.IsZero() {
				t.Errorf("the client says %+v of an instance that it may not ask, want why, and when it tries again", s)
			}
		}
		w.refuse(nil)
		use(2 * lastPause)
		w.wantLinks("once it is permitted", "math", instances)
	})
}

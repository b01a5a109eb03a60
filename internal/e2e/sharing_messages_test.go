package e2e_test

import (
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// This test isn't parallel: with the processors busy elsewhere, handlers seem slow, and
// slow calls don't share messages.
func TestCallsThatWaitTogetherShareMessages(t *testing.T) {
	const goroutines, each = 256, 40
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	c := n.client(rpcclient.Config{})
	math := mathsvc.NewClient(c)
	ctx := testContext(t)
	if _, err := math.Add(ctx, 1, 2); err != nil {
		t.Fatal(err)
	}
	// round makes all the calls and returns how many shared a message, and how many
	// replies did.
	round := func() (calls, replies float64) {
		asked, answered := c.Stats(), srv.Stats()
		var all sync.WaitGroup
		for g := range goroutines {
			all.Go(func() {
				for i := range each {
					a, b := float64(g), float64(i)
					if got, err := math.Add(ctx, a, b); err != nil || got != a+b {
						t.Errorf("Add(%v, %v) = %v, %v; want %v, nil", a, b, got, err, a+b)
					}
				}
			})
		}
		all.Wait()
		frames := c.Stats().FramesSent - asked.FramesSent
		if frames != goroutines*each {
			t.Errorf("%d frames for %d calls, want one each", frames, goroutines*each)
		}
		calls = float64(frames) / float64(c.Stats().MessagesSent-asked.MessagesSent)
		replies = float64(srv.Stats().RepliesSent-answered.RepliesSent) / float64(srv.Stats().MessagesSent-answered.MessagesSent)
		return calls, replies
	}
	want := 4.0
	if raceDetector() {
		want = 1.5 // it makes quick handlers slow
	}
	// What else runs on the machine can spoil a round, but not all of them.
	var calls, replies float64
	for began := time.Now(); time.Since(began) < patience; {
		if calls, replies = round(); calls >= want && replies >= want {
			return
		}
	}
	t.Errorf("%.1f calls and %.1f replies a message, want well above 1: at least %v", calls, replies, want)
}

// raceDetector reports whether the tests were built with -race.
func raceDetector() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func TestOneCallerAloneNeverWaitsForCompany(t *testing.T) {
	t.Parallel()
	const most = 5 * time.Millisecond
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	c := n.client(rpcclient.Config{})
	math := mathsvc.NewClient(c)
	ctx := testContext(t)
	// The machine can hold up many calls, but not all; a timer would hold up them all.
	fastest, calls := time.Hour, uint64(0)
	for start := time.Now(); calls < 200 || fastest > most && time.Since(start) < patience; calls++ {
		began := time.Now()
		got, err := math.Add(ctx, float64(calls), 1)
		fastest = min(fastest, time.Since(began))
		if err != nil || got != float64(calls)+1 {
			t.Fatalf("Add(%d, 1) = %v, %v; want %d, nil", calls, got, err, calls+1)
		}
	}
	if fastest > most {
		t.Errorf("the fastest of %d calls took %v, want well below a millisecond", calls, fastest)
	}
	if s := c.Stats(); s.FramesSent != calls || s.MessagesSent != calls {
		t.Errorf("%d calls left as %d frames in %d messages, want one each", calls, s.FramesSent, s.MessagesSent)
	}
	if s := srv.Stats(); s.RepliesSent != calls || s.MessagesSent != calls {
		t.Errorf("%d replies left in %d messages, want one each for %d calls", s.RepliesSent, s.MessagesSent, calls)
	}
}

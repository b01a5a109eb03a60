package bus

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

func TestAServerThatGoesOnTalkingHasLongerToAnswerAPing(t *testing.T) {
	for name, c := range map[string]struct {
		state    farmState
		from, to time.Duration
	}{
		"frozen":  {froze, 4 * time.Second, 8 * time.Second},
		"talking": {talks, 28 * time.Second, 32 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				f := newFarm("a:1")
				nc := f.client(t, "a:1")
				defer nc.Close()
				time.Sleep(time.Hour) // quiet, but for pings
				if n := nc.Stats().Reconnects; n != 0 {
					t.Errorf("%d reconnects while the server was well", n)
				}
				lost := make(chan error, 100)
				nc.SetDisconnectErrHandler(func(_ *nats.Conn, err error) { lost <- err })
				began := time.Now()
				f.become("a:1", c.state)
				err := <-lost
				if after := time.Since(began); after < c.from || after > c.to || !errors.Is(err, nats.ErrStaleConnection) {
					t.Errorf("given up after %v: %v; want after %v to %v, as stale", after, err, c.from, c.to)
				}
				f.become("a:1", down)
				time.Sleep(2 * time.Second) // until it has said its last
			})
		})
	}
}

func TestHowLongAServerMayBeSilentFollowsTheOptions(t *testing.T) {
	for _, c := range []struct {
		options nats.Options
		want    time.Duration
		pings   int
	}{
		{nats.Options{PingInterval: 2 * time.Second, MaxPingsOut: 2}, 6 * time.Second, 14},
		{nats.Options{PingInterval: time.Minute, MaxPingsOut: 1}, 2 * time.Minute, 9},
		{nats.Options{PingInterval: 0, MaxPingsOut: 2}, 0, 2}, // nobody asks it anything
	} {
		if got := borneSilence(&c.options); got != c.want || c.options.MaxPingsOut != c.pings {
			t.Errorf("%v, and %d pings without an answer; want %v and %d", got, c.options.MaxPingsOut, c.want, c.pings)
		}
	}
}

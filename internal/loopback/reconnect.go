package loopback

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// reconnectTime bounds what takes milliseconds on a machine that isn't busy.
const reconnectTime = time.Minute

// Reconnect has a connection be made anew, and returns once its NATS server delivers nothing to the
// one that was cut. Of the end of that it hears on its own time, and until then it may still give it
// a message that is for one of several. Another connection of the same account tells when it does so
// no more.
func Reconnect(t testing.TB, nc, other *nats.Conn) {
	t.Helper()
	const before = "subscribed.before"
	old, err := nc.SubscribeSync(before)
	if err == nil {
		err = nc.Flush()
	}
	reconnects := nc.Stats().Reconnects
	if err == nil {
		err = nc.ForceReconnect()
	}
	if err != nil {
		t.Fatal(err)
	}
	soon(t, "it is connected again", func() bool { return nc.Stats().Reconnects > reconnects && nc.Flush() == nil })
	if err := errors.Join(old.Unsubscribe(), nc.Flush()); err != nil {
		t.Fatal(err)
	}
	soon(t, "the connection that was cut is forgotten", func() bool {
		_, err := other.Request(before, nil, 100*time.Millisecond)
		return errors.Is(err, nats.ErrNoResponders)
	})
}

// soon waits until something is so.
func soon(t testing.TB, what string, so func() bool) {
	t.Helper()
	for began := time.Now(); !so(); {
		if time.Since(began) > reconnectTime {
			t.Fatalf("still not so after %v: %s", reconnectTime, what)
		}
		<-time.After(time.Millisecond)
	}
}

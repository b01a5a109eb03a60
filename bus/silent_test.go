package bus

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// silence is a server that takes a connection and never says a word. It is in this
// process, so that the time that passes can be the test's own.
type silence struct{ t *testing.T }

func (s silence) InProcessConn() (net.Conn, error) {
	ours, theirs := net.Pipe()
	s.t.Cleanup(func() { theirs.Close() })
	return ours, nil
}

// connectToSilence returns how long Connect took, and its error.
func connectToSilence(t *testing.T, ctx context.Context, wait bool) (time.Duration, error) {
	t.Helper()
	began := time.Now()
	nc, err := Connect(ctx, Config{InProcess: silence{t}, Wait: wait, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		nc.Close()
		t.Fatal("got a connection to a silent server, want an error")
	}
	if !strings.Contains(err.Error(), "the broker in this process") {
		t.Errorf("got error %q, want it to say of whom", err)
	}
	return time.Since(began), err
}

func TestASilentServerIsGivenUpAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 200 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		took, err := connectToSilence(t, ctx, false)
		if took != limit || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "didn't finish the handshake") {
			t.Errorf("got %v after %v, want context.DeadlineExceeded and what the server failed to do in it after %v", err, took, limit)
		}
	})
}

func TestWithoutADeadlineASilentServerIsGivenUpInSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if took, err := connectToSilence(t, context.Background(), false); took != firstConnect {
			t.Errorf("got %v after %v, want an error after %v", err, took, firstConnect)
		}
	})
}

func TestCancellingTheContextEndsConnectAtOnce(t *testing.T) {
	for _, wait := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const pause = 50 * time.Millisecond
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(pause, cancel)
			for _, want := range []time.Duration{pause, 0} { // the second time it is canceled before
				took, err := connectToSilence(t, ctx, wait)
				if took != want || !errors.Is(err, context.Canceled) {
					t.Errorf("wait %v: got %v after %v, want context.Canceled in it after %v", wait, err, took, want)
				}
			}
		})
	}
}

func TestEachServerHasItsShareOfTheTime(t *testing.T) {
	for _, c := range []struct{ limit, share time.Duration }{
		{3 * time.Second, time.Second},
		{time.Minute, dialTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()
			d := newDialer(ctx, 3, nil)
			defer d.done()
			began := time.Now()
			conn, err := d.open("a:4222", func(context.Context) (net.Conn, error) { return silence{t}.InProcessConn() })
			if err != nil {
				t.Fatal(err)
			}
			_, _ = conn.Read(make([]byte, 1)) // until the dialer closes it
			if took := time.Since(began); took != c.share {
				t.Errorf("one of three servers had %v of %v, want %v", took, c.limit, c.share)
			}
			synctest.Wait() // until it has noted why
			if got, want := d.story(), "a:4222: took the connection but didn't finish the handshake within "+c.share.String(); got != want {
				t.Errorf("got the story %q, want %q", got, want)
			}
		})
	}
}

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// busyStream is a stream that has always something to send.
type busyStream struct {
	name     string
	underWay int64        // more items than may be, or wait for their reader
	items    atomic.Int64 // that its reader had, or its writer sent
	end      chan error
}

// numbers gives numbers for ever, which are counted.
func (b *busyStream) numbers(yield func(int, error) bool) {
	for i := 0; yield(i, nil); i++ {
		b.items.Add(1)
	}
}

func TestWhenTheServersConnectionIsMadeAnewItsBusyStreamsEndOnBothSidesOrGoOn(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	f := newFeeder()
	nc := n.dial()
	srv := serve(t, nc, rpcserver.Config{}, "feed", f)
	c := newClient(t, n.dial(), rpcclient.Config{BusOnly: true})
	ctx, cancel := context.WithCancel(context.Background())
	given, blobs := &busyStream{name: "numbers that come", underWay: 300_000}, &busyStream{name: "blobs that come", underWay: 100}
	sent, both := &busyStream{name: "numbers that are sent", underWay: 300_000}, &busyStream{name: "numbers there and back", underWay: 300_000}
	all := []*busyStream{given, blobs, sent, both}
	take := func(b *busyStream, err error) error {
		b.items.Add(1)
		return err
	}
	runs := []func() error{
		func() (err error) {
			for _, err = range rpcclient.Stream[int](ctx, c, "feed.numbers", -1) {
				err = take(given, err)
			}
			return err
		},
		func() (err error) {
			for _, err = range rpcclient.Stream[[]byte](ctx, c, "feed.blobs", 64<<10) {
				err = take(blobs, err)
			}
			return err
		},
		func() error {
			_, err := rpcclient.Call[int](ctx, c, "feed.sum", iter.Seq2[int, error](sent.numbers))
			return err
		},
		func() (err error) {
			for _, err = range rpcclient.Stream[int](ctx, c, "feed.double", iter.Seq2[int, error](both.numbers)) {
			}
			return err
		},
	}
	for i, b := range all {
		b.end = make(chan error, 1)
		go func() { b.end <- runs[i]() }()
	}
	for _, b := range all {
		eventually(t, b.name+" flow", func() error {
			if got := b.items.Load(); got < 300 {
				return fmt.Errorf("%d items, want 300", got)
			}
			return nil
		})
	}
	if err := nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the connection is back", func() error { return nc.Flush() })
	for _, b := range all {
		since := b.items.Load()
		var end error
		eventually(t, b.name+" end or go on", func() error {
			select {
			case end = <-b.end:
				b.end <- end
				return nil
			default:
			}
			if more := b.items.Load() - since; more < b.underWay {
				return fmt.Errorf("%d more items since the connection is back, want the end, or %d", more, b.underWay)
			}
			return nil
		})
		if end != nil && !errors.Is(end, helium.ErrStreamGap) && !errors.Is(end, helium.ErrSilent) {
			t.Errorf("%s ended with %v, want ErrStreamGap or ErrSilent", b.name, end)
		}
	}
	cancel() // those that go on
	for _, b := range all {
		t.Logf("%s: %d items, %v", b.name, b.items.Load(), receive(t, "the end of "+b.name, b.end))
		receive(t, "the end of a handler", f.over)
	}
	eventually(t, "no stream runs", func() error {
		if n, inFlight := srv.Stats().Streams, c.Stats().InFlight; n > 0 || inFlight > 0 {
			return fmt.Errorf("%d streams run, %d calls are in flight; want none", n, inFlight)
		}
		return nil
	})
}

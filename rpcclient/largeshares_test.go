package rpcclient_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestLargeValuesThatAServiceAnnouncesAndDoesNotSendHoldUpNoOthers(t *testing.T) {
	env := heliumtest.New(t)
	s := newChunkServer(t, env, wire.Chunks)
	heliumtest.Serve(env, "echo", echo{})
	c := env.NewClient(long)
	const lies = 2 * chunks.AtOnce // of 2 GiB together
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, lies)
	for range lies {
		go func() { ended <- c.Call(ctx, "fake.do", nil, []byte("data")) }()
	}
	for announced, asked := 0, 0; announced < lies || asked < chunks.AtOnceOfOne; {
		switch f := within(t, s.frames, "call, or credit for a result"); {
		case f.Kind == wire.KindCall:
			announced++
			s.send(wire.Frame{Kind: wire.KindLargeReply, Seq: f.Seq, Body: wire.AppendExtent(nil, wire.Extent{Length: chunks.DefaultMax})})
		case f.Kind == wire.KindChunkCredit && f.Time > 0:
			asked++
		}
	}
	value := randomBytes(3 << 20)
	got, err := rpcclient.Call[[]byte](t.Context(), c, "echo.echo", value)
	if err != nil || !bytes.Equal(got, value) {
		t.Errorf("a large result of another service has %d bytes, %v; want %d", len(got), err, len(value))
	}
	if n := len(ended); n != 0 {
		t.Errorf("%d of the other service's %d calls have ended meanwhile, want all to wait", n, lies)
	}
	cancel()
	for range lies {
		if err := within(t, ended, "end of a call"); err == nil {
			t.Error("a call whose result never came has succeeded")
		}
	}
	noRoomTaken(t)
}

// blocks is a service of large items.
type blocks struct{}

// Give gives one item of so many bytes.
func (blocks) Give(size int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) { yield(make([]byte, size), nil) }
}

func TestLargeItemsOfAServiceThatHasItsShareOfTheRoomLetThoseOfOthersPass(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "greedy", blocks{})
	heliumtest.Serve(env, "other", blocks{})
	c := env.NewClient(long)
	const size = 4 << 20
	greedys := chunks.TakeRoomOf("greedy", chunks.MaxOfOne-size)
	comes := func(service string) <-chan error {
		ended := make(chan error, 1)
		go func() {
			for item, err := range rpcclient.Stream[[]byte](t.Context(), c, service+".give", size) {
				if err == nil && len(item) != size {
					err = fmt.Errorf("an item has %d bytes, want %d", len(item), size)
				}
				ended <- err
				return
			}
		}()
		return ended
	}
	waits := comes("greedy")
	for range 5 {
		if err := within(t, comes("other"), "item of another service"); err != nil {
			t.Errorf("an item of another service: %v", err)
		}
	}
	if len(waits) != 0 {
		t.Errorf("the item of a service that has its share has come: %v", <-waits)
	}
	greedys.Leave()
	if err := within(t, waits, "item once there is room for it"); err != nil {
		t.Errorf("the item that waited: %v", err)
	}
	noRoomTaken(t)
}

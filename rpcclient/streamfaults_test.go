package rpcclient_test

import (
	"context"
	"errors"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestStreamsWhoseInstanceSendsWhatItMayNotAreCanceledAtOnceWhateverTheLoopIsAt(t *testing.T) {
	const size = 64 << 10
	item := msgpack.AppendBytes(nil, make([]byte, size))
	items := func(before, count uint64) wire.Frame {
		var data []byte
		for range count {
			data = append(data, item...)
		}
		return wire.Frame{Kind: wire.KindItems, Body: wire.AppendItems(nil, wire.Items{Before: before, Count: count, Data: data})}
	}
	part := func(before, length, offset uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindItemPart, Body: wire.AppendPart(nil, wire.Part{Before: before, Length: length, Offset: offset, Data: item})}
	}
	flood := func(of func(n uint64) wire.Frame) []wire.Frame {
		all := []wire.Frame{items(0, 1)}
		for n := range uint64(200) { // of which the credit is enough for some
			all = append(all, of(n))
		}
		return all
	}
	for name, test := range map[string]struct {
		sends []wire.Frame
		want  *helium.Error
	}{
		"items beyond its credit": {flood(func(n uint64) wire.Frame { return items(n+1, 1) }), helium.ErrBadMessage},
		"parts of an item beyond its credit": {flood(func(n uint64) wire.Frame {
			return part(1, 32<<20, n*uint64(len(item)))
		}), helium.ErrBadMessage},
		"items with a gap before them":     {[]wire.Frame{items(0, 1), items(3, 1)}, helium.ErrStreamGap},
		"an item that is too large":        {[]wire.Frame{items(0, 1), part(1, 1<<40, 0)}, helium.ErrResultTooLarge},
		"an account of more than has come": {[]wire.Frame{items(0, 1), {Kind: wire.KindAccount, Body: wire.AppendAccount(nil, wire.Account{Items: 7})}}, helium.ErrStreamGap},
		"what can't be read":               {[]wire.Frame{items(0, 1), {Kind: wire.KindItems, Body: []byte{0xc1}}}, helium.ErrBadResult},
		"a result where there are items":   {[]wire.Frame{items(0, 1), {Kind: wire.KindLargeReply, Body: wire.AppendExtent(nil, wire.Extent{Length: 5})}}, helium.ErrBadResult},
	} {
		t.Run(name, func(t *testing.T) {
			env := heliumtest.New(t)
			s := newChunkServer(t, env, allOfStreams)
			register(t, env, pressRecord(allOfStreams))
			begun, canceled := make(chan uint64, 1), make(chan uint64, 1)
			go func() {
				for {
					select {
					case <-t.Context().Done():
						return
					case f := <-s.frames:
						switch f.Kind {
						case wire.KindStream:
							begun <- f.Seq
							for _, sent := range test.sends {
								sent.Seq = f.Seq
								s.send(sent)
							}
						case wire.KindCancel:
							canceled <- f.Seq
							return
						}
					}
				}
			}()
			n := 0
			var end error
			for got, err := range rpcclient.Stream[[]byte](context.Background(), env.NewClient(long), "fake.cut", []byte("x")) {
				if end = err; err != nil {
					break
				}
				if len(got) != size {
					t.Errorf("item %d has %d bytes, want %d", n, len(got), size)
				}
				if n++; n == 1 { // the body goes on once its instance was told
					if got, want := within(t, canceled, "cancel while the loop's body runs"), <-begun; got != want {
						t.Errorf("stream %d was canceled, want %d", got, want)
					}
				}
			}
			if n == 0 || !errors.Is(end, test.want) {
				t.Errorf("the stream ended after %d items with %v, want some, and then %q", n, end, test.want.Reason)
			}
			noRoomTaken(t)
		})
	}
}

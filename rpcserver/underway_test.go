package rpcserver_test

import (
	"errors"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestACallerThatKnowsPartsMaySendNoMoreBeyondItsCreditThanThatGave(t *testing.T) {
	w, srv, g := serveGallery(t, rpcserver.Config{})
	const given = 256 << 10
	item := func(size int) []byte {
		var w codec.Writer
		w.Binary(make([]byte, size-5)) // 5 bytes say how long it is
		return w.Bytes()
	}
	items := func(before uint64, sizes ...int) wire.Frame {
		var data []byte
		for _, size := range sizes {
			data = append(data, item(size)...)
		}
		return wire.Frame{Kind: wire.KindItems, Seq: 7, Body: wire.AppendItems(nil, wire.Items{Before: before, Count: uint64(len(sizes)), Data: data})}
	}
	part := func(before uint64, size, from, to int) wire.Frame {
		return wire.Frame{Kind: wire.KindItemPart, Seq: 7, Body: wire.AppendPart(nil, wire.Part{Before: before, Length: uint64(size), Offset: uint64(from), Data: item(size)[from:to]})}
	}
	end := func(count uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindItemsEnd, Seq: 7, Body: wire.AppendItemsEnd(nil, wire.ItemsEnd{Count: count})}
	}
	peer := w.peer()
	knows := wire.Frame{Kind: wire.KindSender, Seq: 5, Time: 5, Abilities: wire.Heartbeats | wire.Chunks | wire.ItemParts}
	older := knows
	older.Abilities &^= wire.ItemParts
	for name, of := range map[string]struct {
		about  wire.Frame
		frames []wire.Frame
		refuse bool
	}{
		"a whole item as large as may be":          {knows, []wire.Frame{items(0, 2*given), end(1)}, false},
		"a whole item that is larger by a byte":    {knows, []wire.Frame{items(0, 2*given+1), end(1)}, true},
		"one behind another, as large as may be":   {knows, []wire.Frame{items(0, given-1), items(1, given+1), end(2)}, false},
		"two in a frame that are too many bytes":   {knows, []wire.Frame{items(0, given-1, given+2), end(2)}, true},
		"a part as large as may be, of a huge one": {knows, []wire.Frame{part(0, 2*given, 0, 2*given), end(1)}, false},
		"a part that is larger by a byte":          {knows, []wire.Frame{part(0, 3*given, 0, 2*given+1)}, true},
		"an older caller's, larger by a byte":      {older, []wire.Frame{items(0, 2*given+1), end(1)}, false},
	} {
		begin := message(of.about, streamFrame(7, wire.Credit{}))
		peer.send("helium.at.gallery."+srv.Instance()+".hang", "+1", begin)
		if _, frames := peer.next(); creditIn(t, frames) != given {
			t.Fatalf("%s: it begins with a credit of %d bytes, want %d", name, creditIn(t, frames), given)
		}
		for _, f := range of.frames {
			peer.send("helium.ctl.gallery."+srv.Instance(), "+1", message(f))
		}
		if err := receive(t, "the end of the handler", g.over); of.refuse && !errors.Is(err, helium.ErrBadMessage) || !of.refuse && err != nil {
			t.Errorf("%s: the handler got %v, want an error that says that it is too much: %t", name, err, of.refuse)
		}
		frames := peer.following()
		if got, want := frames[len(frames)-1].Kind, map[bool]wire.Kind{true: wire.KindError, false: wire.KindReply}[of.refuse]; got != want {
			t.Errorf("%s: answered with kind %d, want %d", name, got, want)
		}
	}
	noRoomTaken(t)
}

// creditIn returns how many bytes are given in frames.
func creditIn(t *testing.T, frames []wire.Frame) uint64 {
	t.Helper()
	for _, f := range frames {
		if f.Kind == wire.KindCredit {
			credit, err := wire.ReadCredit(f.Body)
			if err != nil {
				t.Fatal(err)
			}
			return credit.Bytes
		}
	}
	t.Fatalf("got %+v, want a credit", frames)
	return 0
}

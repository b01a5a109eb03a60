package rpcserver_test

import (
	"bytes"
	"errors"
	"iter"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

// gallery is a service of streams with large items.
type gallery struct {
	over chan error // told how each handler ended
}

// Show gives a small item, and then one of so many bytes.
func (g *gallery) Show(size int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		_ = yield([]byte("small"), nil) && yield(bytes.Repeat([]byte("large"), size/5), nil)
	}
}

// Hang takes what it is sent, and returns how many bytes that was.
func (g *gallery) Hang(pictures iter.Seq2[[]byte, error]) (size int, err error) {
	defer func() { g.over <- err }()
	for p, err := range pictures {
		if err != nil {
			return size, err
		}
		size += len(p)
	}
	return size, nil
}

func serveGallery(t *testing.T, config rpcserver.Config) (*world, *rpcserver.Server, *gallery) {
	t.Helper()
	g := &gallery{over: make(chan error, 100)}
	w, srv := serveAlone(t, config, "gallery", g)
	return w, srv, g
}

func TestItemsGoInPartsToCallersThatTakeThemAndAreTooLargeForOthers(t *testing.T) {
	w, srv, _ := serveGallery(t, rpcserver.Config{})
	const size = 3_000_000
	var args codec.Writer
	args.ArrayHeader(1)
	args.Int(size)
	begin := wire.Frame{Kind: wire.KindStream, Seq: 7, Time: 10_000, Terms: &wire.Terms{Credit: wire.Credit{Bytes: 4 << 20, Items: 10}}, Body: args.Bytes()}
	about := func(abilities wire.Abilities) wire.Frame {
		return wire.Frame{Kind: wire.KindSender, Seq: 5, Time: 5, Abilities: abilities}
	}
	for name, of := range map[string]struct {
		message []byte
		parts   bool
	}{
		"that says nothing":          {message(begin), false},
		"of an older version":        {message(about(wire.Heartbeats|wire.Chunks), begin), false},
		"that takes items in parts":  {message(about(wire.Heartbeats|wire.Chunks|wire.ItemParts), begin), true},
		"that can do what isn't yet": {message(about(^wire.Abilities(0)), begin), true},
	} {
		peer := w.peer()
		peer.send("helium.at.gallery."+srv.Instance()+".show", "+1", of.message)
		whole, parts := 0, 0
		var item []byte
		var last wire.Frame
		for last.Kind != wire.KindReply && last.Kind != wire.KindError {
			_, frames := peer.next()
			for _, f := range frames {
				switch last = f; f.Kind {
				case wire.KindItems:
					whole++
				case wire.KindItemPart:
					p, err := wire.ReadPart(f.Body)
					if err != nil || p.Before != 1 || p.Offset != uint64(len(item)) || p.Length != size+5 || len(p.Data) > 32<<10 {
						t.Fatalf("to a caller %s came a part of %d bytes at %d, of %d, after %d items, %v; want one at %d, of %d", name, len(p.Data), p.Offset, p.Length, p.Before, err, len(item), size+5)
					}
					item = append(item, p.Data...)
					parts++
				}
			}
		}
		if of.parts {
			r := codec.NewReader(item)
			if got, err := r.Bytes(); err != nil || !bytes.Equal(got, bytes.Repeat([]byte("large"), size/5)) || whole != 1 || last.Kind != wire.KindReply {
				t.Errorf("to a caller %s came %d items whole and one of %d bytes in %d parts, %v, and %+v; want what was sent, and a reply", name, whole, len(got), parts, err, last)
			}
			continue
		}
		e, err := wire.ReadError(last.Body)
		if last.Kind != wire.KindError || err != nil || !errors.Is(e, helium.ErrResultTooLarge) || e.Outcome != helium.Executed || whole != 1 || parts != 0 {
			t.Errorf("to a caller %s came %d items whole, %d parts, and %v, %v; want 1, none, and ErrResultTooLarge", name, whole, parts, e, err)
		}
	}
}

func TestPartsThatCallersSendAreChecked(t *testing.T) {
	const most = 2 << 20
	w, srv, g := serveGallery(t, rpcserver.Config{MaxValue: most})
	var item codec.Writer
	item.Binary(make([]byte, 100_000))
	length := len(item.Bytes())
	part := func(before uint64, from, to int) wire.Frame {
		p := wire.Part{Before: before, Length: uint64(length), Offset: uint64(from), Data: item.Bytes()[from:to]}
		return wire.Frame{Kind: wire.KindItemPart, Seq: 7, Body: wire.AppendPart(nil, p)}
	}
	long := func(length uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindItemPart, Seq: 7, Body: wire.AppendPart(nil, wire.Part{Length: length, Data: make([]byte, 10)})}
	}
	end := func(count uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindItemsEnd, Seq: 7, Body: wire.AppendItemsEnd(nil, wire.ItemsEnd{Count: count})}
	}
	peer := w.peer()
	ctl := "helium.ctl.gallery." + srv.Instance()
	for name, of := range map[string]struct {
		frames []wire.Frame
		want   error // of the handler's iterator; nil: it gets 100,000 bytes
	}{
		"in order":                    {[]wire.Frame{part(0, 0, 50_000), part(0, 50_000, length), end(1)}, nil},
		"small ones":                  {[]wire.Frame{part(0, 0, 1), part(0, 1, 2), part(0, 2, 10), part(0, 10, length), end(1)}, nil},
		"all in one":                  {[]wire.Frame{part(0, 0, length), end(1)}, nil},
		"a gap":                       {[]wire.Frame{part(0, 0, 50_000), part(0, 60_000, length), end(1)}, helium.ErrStreamGap},
		"overlapping":                 {[]wire.Frame{part(0, 0, 50_000), part(0, 40_000, length), end(1)}, helium.ErrStreamGap},
		"twice":                       {[]wire.Frame{part(0, 0, length), part(0, 0, length), end(1)}, helium.ErrStreamGap},
		"unfinished, and the end":     {[]wire.Frame{part(0, 0, 50_000), end(0)}, helium.ErrStreamGap},
		"of an item that isn't next":  {[]wire.Frame{part(1, 0, length), end(2)}, helium.ErrStreamGap},
		"of more than MaxValue":       {[]wire.Frame{long(most + 1), end(1)}, helium.ErrTooLarge},
		"of all that numbers can say": {[]wire.Frame{long(1<<64 - 1), end(1)}, helium.ErrTooLarge},
		"that say nothing":            {[]wire.Frame{{Kind: wire.KindItemPart, Seq: 7, Body: []byte{0, 0}}}, helium.ErrBadMessage},
		"beyond their item":           {[]wire.Frame{{Kind: wire.KindItemPart, Seq: 7, Body: []byte{0, 1, 0, 0xc4, 2, 1, 1}}}, helium.ErrBadMessage},
		"of no msgpack":               {[]wire.Frame{{Kind: wire.KindItemPart, Seq: 7, Body: []byte{0, 2, 0, 0xc4, 2, 0xc1, 0xc1}}, end(1)}, errAny},
		"of more than a value":        {[]wire.Frame{{Kind: wire.KindItemPart, Seq: 7, Body: []byte{0, 4, 0, 0xc4, 4, 0xc4, 1, 1, 1}}, end(1)}, errAny},
	} {
		peer.send("helium.at.gallery."+srv.Instance()+".hang", "+1", message(streamFrame(7, wire.Credit{})))
		if _, begun := peer.next(); begun[0].Kind != wire.KindCredit {
			t.Fatalf("%s: it begins with %+v, want credit", name, begun[0])
		}
		for _, f := range of.frames {
			peer.send(ctl, "+1", message(f))
		}
		err := receive(t, "the end of the handler", g.over)
		if of.want == nil && err != nil || of.want == errAny && err == nil || of.want != nil && of.want != errAny && !errors.Is(err, of.want) {
			t.Errorf("%s: the handler got %v, want %v", name, err, of.want)
		}
		frames := peer.following()
		if last := frames[len(frames)-1]; of.want == nil {
			wantResult(t, last, 7, 100_000)
		} else if last.Kind != wire.KindError {
			t.Errorf("%s: answered with %+v, want an error", name, last)
		}
		peer.send(ctl, "+1", message(part(0, 0, length))) // of a stream that is over, which nobody hears
	}
	// Among calls they have no place.
	peer.send("helium.at.gallery."+srv.Instance()+".hang", "+9", message(part(0, 0, length)))
	if f := peer.one(); f.Kind != wire.KindError || f.Seq != 0 {
		t.Errorf("a part among calls is answered with %+v, want an error of the message", f)
	}
	noRoomTaken(t)
	if n := srv.Stats().Streams; n != 0 {
		t.Errorf("%d streams run, want none", n)
	}
}

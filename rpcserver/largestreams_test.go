package rpcserver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

// bindery is a service of streams with large arguments and results.
type bindery struct {
	ran  atomic.Int64
	held atomic.Int64 // how often whoever calls on from there doesn't wait for room for large arguments
}

// Measure gives the size of a text.
func (b *bindery) Measure(ctx context.Context, text []byte) iter.Seq2[int, error] {
	b.ran.Add(1)
	if chunks.Holds(ctx) {
		b.held.Add(1)
	}
	return func(yield func(int, error) bool) { yield(len(text), nil) }
}

// Lend gives the size of a text, and ends with its context.
func (b *bindery) Lend(ctx context.Context, text []byte) iter.Seq2[int, error] {
	b.ran.Add(1)
	return func(yield func(int, error) bool) {
		if yield(len(text), nil) {
			<-ctx.Done()
		}
	}
}

// Bind returns so many bytes for each page.
func (b *bindery) Bind(size int, pages iter.Seq2[int, error]) (book []byte, err error) {
	b.ran.Add(1)
	for _, err := range pages {
		if err != nil {
			return nil, err
		}
		book = append(book, make([]byte, size)...)
	}
	return book, nil
}

func serveBindery(t *testing.T, config rpcserver.Config) (*world, *rpcserver.Server, *bindery) {
	t.Helper()
	b := new(bindery)
	w, srv := serveAlone(t, config, "bindery", b)
	return w, srv, b
}

const largeAbilities = wire.Heartbeats | wire.Chunks | wire.ItemParts | wire.LargeStreams

func aboutSender(abilities wire.Abilities) wire.Frame {
	return wire.Frame{Kind: wire.KindSender, Seq: 5, Time: 5, Abilities: abilities}
}

// begun returns once a stream has begun.
func (p *peer) begun() {
	p.t.Helper()
	if _, frames := p.next(); frames[len(frames)-1].Kind != wire.KindCredit {
		p.t.Fatalf("a stream begins with %+v, want credit", frames)
	}
}

func TestTheArgumentsOfAStreamThatComeAsItsFirstItemAreChecked(t *testing.T) {
	const most = 1 << 20
	w, srv, b := serveBindery(t, rpcserver.Config{MaxValue: most})
	var args codec.Writer
	args.ArrayHeader(1)
	args.Binary(make([]byte, 100_000))
	length := len(args.Bytes())
	extent := wire.ExtentOf(args.Bytes())
	wrong, short := extent, extent
	wrong.Checksum++
	short.Length--
	begin := func(body []byte, lasts uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindLargeStream, Seq: 7, Time: 10_000, Body: body, Terms: &wire.Terms{Lasts: lasts, Credit: wire.Credit{Bytes: 1000, Items: 10}}}
	}
	of := func(e wire.Extent) wire.Frame { return begin(wire.AppendExtent(nil, e), 0) }
	part := func(before uint64, from, to int) wire.Frame {
		return wire.Frame{Kind: wire.KindItemPart, Seq: 7, Body: wire.AppendPart(nil, wire.Part{Before: before, Length: uint64(length), Offset: uint64(from), Data: args.Bytes()[from:to]})}
	}
	end := func(count uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindItemsEnd, Seq: 7, Body: wire.AppendItemsEnd(nil, wire.ItemsEnd{Count: count})}
	}
	whole := wire.Frame{Kind: wire.KindItems, Seq: 7, Body: wire.AppendItems(nil, wire.Items{Count: 1, Data: args.Bytes()})}
	for name, test := range map[string]struct {
		abilities wire.Abilities
		begin     wire.Frame
		frames    []wire.Frame
		want      *helium.Error // nil: the handler runs
	}{
		"in order":                         {largeAbilities, of(extent), []wire.Frame{part(0, 0, 50_000), part(0, 50_000, length)}, nil},
		"all in one part":                  {largeAbilities, of(extent), []wire.Frame{part(0, 0, length)}, nil},
		"whole":                            {largeAbilities, of(extent), []wire.Frame{whole}, nil},
		"with items that nobody takes":     {largeAbilities, of(extent), []wire.Frame{part(0, 0, length), part(1, 0, length), end(2)}, nil},
		"another checksum":                 {largeAbilities, of(wrong), []wire.Frame{part(0, 0, length)}, helium.ErrBadMessage},
		"another length":                   {largeAbilities, of(short), []wire.Frame{part(0, 0, length)}, helium.ErrBadMessage},
		"a gap":                            {largeAbilities, of(extent), []wire.Frame{part(0, 0, 50_000), part(0, 60_000, length)}, helium.ErrStreamGap},
		"not first":                        {largeAbilities, of(extent), []wire.Frame{part(1, 0, length)}, helium.ErrStreamGap},
		"nothing, and the end":             {largeAbilities, of(extent), []wire.Frame{end(0)}, helium.ErrStreamGap},
		"half, and the end":                {largeAbilities, of(extent), []wire.Frame{part(0, 0, 50_000), end(0)}, helium.ErrStreamGap},
		"larger than they are announced":   {largeAbilities, of(extent), []wire.Frame{{Kind: wire.KindItemPart, Seq: 7, Body: wire.AppendPart(nil, wire.Part{Length: most + 1e6, Data: []byte{1}})}}, helium.ErrTooLarge},
		"canceled in the middle":           {largeAbilities, of(extent), []wire.Frame{part(0, 0, 50_000), {Kind: wire.KindCancel, Seq: 7}}, helium.ErrCanceledInQueue},
		"too late":                         {largeAbilities, begin(wire.AppendExtent(nil, extent), 200), []wire.Frame{part(0, 0, 50_000)}, helium.ErrExpired},
		"beyond MaxValue":                  {largeAbilities, of(wire.Extent{Length: most + 1}), nil, helium.ErrTooLarge},
		"of no length that there is":       {largeAbilities, of(wire.Extent{Length: 1<<64 - 1}), nil, helium.ErrTooLarge},
		"an extent that can't be read":     {largeAbilities, begin([]byte{5}, 0), nil, helium.ErrBadMessage},
		"from who doesn't say that it may": {largeAbilities &^ wire.LargeStreams, of(extent), nil, helium.ErrBadMessage},
		"from who takes no parts":          {largeAbilities &^ wire.ItemParts, of(extent), nil, helium.ErrBadMessage},
	} {
		t.Run(name, func(t *testing.T) {
			peer := w.peer()
			before, held := b.ran.Load(), b.held.Load()
			peer.send("helium.at.bindery."+srv.Instance()+".measure", "+1", message(aboutSender(test.abilities), test.begin))
			if test.frames != nil {
				peer.begun()
				for i, f := range test.frames {
					peer.send("helium.ctl.bindery."+srv.Instance(), fmt.Sprint("+", i+2), message(f))
				}
			}
			frames := peer.following()
			last := frames[len(frames)-1]
			if test.want == nil {
				if last.Kind != wire.KindReply || b.ran.Load() != before+1 || b.held.Load() != held+1 {
					t.Errorf("the stream ended with %+v, and its handler ran %d times, %d times as one that holds large arguments; want a reply, and once", last, b.ran.Load()-before, b.held.Load()-held)
				}
				return
			}
			e := wantError(t, last, test.want)
			if b.ran.Load() != before {
				t.Errorf("the handler ran %d times, want never", b.ran.Load()-before)
			}
			if came := test.frames != nil && e.Code != helium.CodeCanceled && e.Code != helium.CodeDeadlineExceeded; came && !strings.HasPrefix(e.Message, "the stream's arguments") {
				t.Errorf("the error is %q, want one that says that it is the arguments'", e.Message)
			}
		})
	}
	eventually(t, "nothing is kept", func() bool { return chunks.Taken() == 0 })
}

func TestTheLargeResultOfAStreamGoesToCallersThatTakeItAndIsTooLargeForOthers(t *testing.T) {
	w, srv, _ := serveBindery(t, rpcserver.Config{})
	const size = 700_000
	var args codec.Writer
	args.ArrayHeader(1)
	args.Int(size)
	begin := wire.Frame{Kind: wire.KindStream, Seq: 7, Time: 10_000, Terms: new(wire.Terms), Body: args.Bytes()}
	var pages codec.Writer
	pages.Int(1)
	pages.Int(2)
	items := wire.Frame{Kind: wire.KindItems, Seq: 7, Body: wire.AppendItems(nil, wire.Items{Count: 2, Data: pages.Bytes()})}
	end := wire.Frame{Kind: wire.KindItemsEnd, Seq: 7, Body: wire.AppendItemsEnd(nil, wire.ItemsEnd{Count: 2})}
	at, ctl := "helium.at.bindery."+srv.Instance()+".bind", "helium.ctl.bindery."+srv.Instance()
	for name, of := range map[string]struct {
		message []byte
		takes   bool
	}{
		"that says nothing":                   {message(begin), false},
		"of an older version":                 {message(aboutSender(largeAbilities&^wire.LargeStreams), begin), false},
		"that takes no items in parts":        {message(aboutSender(largeAbilities&^wire.ItemParts), begin), false},
		"that takes results as items":         {message(aboutSender(largeAbilities), begin), true},
		"that can do what there isn't so far": {message(aboutSender(^wire.Abilities(0)), begin), true},
	} {
		t.Run(name, func(t *testing.T) {
			peer := w.peer()
			peer.send(at, "+1", of.message)
			peer.begun()
			peer.send(ctl, "+2", message(items, end))
			if !of.takes {
				frames := peer.following()
				e, err := wire.ReadError(frames[len(frames)-1].Body)
				if err != nil || !errors.Is(e, helium.ErrResultTooLarge) || e.Outcome != helium.Executed {
					t.Errorf("the stream ended with %v, %v; want ErrResultTooLarge, executed", e, err)
				}
				return
			}
			var extent wire.Extent
			var value []byte
			for {
				_, frames := peer.next()
				for _, f := range frames {
					switch f.Kind {
					case wire.KindLargeReply:
						var err error
						if extent, err = wire.ReadExtent(f.Body); err != nil || len(value) > 0 {
							t.Fatalf("the announcement can't be read, or comes behind %d bytes: %v", len(value), err)
						}
						peer.send(ctl, "+3", message(wire.Frame{Kind: wire.KindCredit, Seq: 7, Body: wire.AppendCredit(nil, wire.Credit{Bytes: 4 << 20, Items: 1})}))
					case wire.KindItemPart:
						p, err := wire.ReadPart(f.Body)
						if err != nil || p.Before != 0 || p.Length != extent.Length || p.Offset != uint64(len(value)) {
							t.Fatalf("a part at %d of item %d came, of %d bytes, %v; want one at %d of the only one, of %d", p.Offset, p.Before, p.Length, err, len(value), extent.Length)
						}
						value = append(value, p.Data...)
					case wire.KindReply:
						r := codec.NewReader(value)
						got, err := r.Bytes()
						if err != nil || !bytes.Equal(got, make([]byte, 2*size)) || wire.ExtentOf(value) != extent || !bytes.Equal(f.Body, []byte{0xc0}) {
							t.Errorf("a result of %d bytes came, %v, and the reply %x; want what was announced, of %d, and nil", len(got), err, f.Body, 2*size)
						}
						return
					case wire.KindError:
						t.Fatalf("the stream ended with %+v, want its result", f)
					}
				}
			}
		})
	}
}

func TestAServerThatStopsSaysOfAStreamWhetherItsArgumentsHadCome(t *testing.T) {
	var args codec.Writer
	args.ArrayHeader(1)
	args.Binary(make([]byte, 100_000))
	extent := wire.ExtentOf(args.Bytes())
	for name, of := range map[string]struct {
		came int // of the arguments, in bytes
		want helium.Outcome
		runs int64
	}{
		"in the middle of them": {100, helium.NotExecuted, 0},
		"behind them":           {len(args.Bytes()), helium.Unknown, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w, srv, b := serveBindery(t, rpcserver.Config{})
			peer := w.peer()
			peer.send("helium.at.bindery."+srv.Instance()+".lend", "+1", message(aboutSender(largeAbilities), wire.Frame{
				Kind: wire.KindLargeStream, Seq: 7, Time: 10_000, Body: wire.AppendExtent(nil, extent), Terms: &wire.Terms{Credit: wire.Credit{Bytes: 1000, Items: 10}}}))
			peer.begun()
			part := wire.Part{Length: extent.Length, Data: args.Bytes()[:of.came]}
			peer.send("helium.ctl.bindery."+srv.Instance(), "+2", message(wire.Frame{Kind: wire.KindItemPart, Seq: 7, Body: wire.AppendPart(nil, part)}))
			eventually(t, "the handler runs as often as it will", func() bool { return b.ran.Load() == of.runs })
			stopped := make(chan error, 1)
			go func() { stopped <- srv.Shutdown(testContext(t)) }()
			frames := peer.following()
			e, err := wire.ReadError(frames[len(frames)-1].Body)
			if err != nil || !errors.Is(e, helium.ErrCut) || e.Outcome != of.want || b.ran.Load() != of.runs {
				t.Errorf("the stream ended with %v, %v, and its handler ran %d times; want ErrCut, %v, and %d", e, err, b.ran.Load(), of.want, of.runs)
			}
			if err := receive(t, "the end of Shutdown", stopped); err != nil && !errors.Is(err, helium.ErrCut) {
				t.Errorf("Shutdown: %v", err)
			}
		})
	}
}

func TestStreamsThatAreSentNothingButLargeArgumentsLeaveTheCreditToOthers(t *testing.T) {
	w, srv, b := serveBindery(t, rpcserver.Config{})
	var args codec.Writer
	args.ArrayHeader(1)
	args.Binary(make([]byte, 300_000))
	extent := wire.ExtentOf(args.Bytes())
	peer := w.peer()
	begin := func(seq uint64) (given wire.Credit) {
		t.Helper()
		peer.send("helium.at.bindery."+srv.Instance()+".lend", "+1", message(aboutSender(largeAbilities), wire.Frame{
			Kind: wire.KindLargeStream, Seq: seq, Time: 10_000, Body: wire.AppendExtent(nil, extent), Terms: new(wire.Terms)}))
		for {
			_, frames := peer.next()
			for _, f := range frames {
				if f.Kind == wire.KindCredit && f.Seq == seq {
					given, err := wire.ReadCredit(f.Body)
					if err != nil {
						t.Fatal(err)
					}
					return given
				}
			}
		}
	}
	const many = 60
	for seq := range uint64(many) {
		if given := begin(seq + 1); given.Bytes != 256<<10 {
			t.Fatalf("beside %d streams that are sent nothing more one may be sent %d bytes, want 256 KiB", seq, given.Bytes)
		}
		for _, half := range [][2]int{{0, 150_000}, {150_000, int(extent.Length)}} {
			part := wire.Part{Length: extent.Length, Offset: uint64(half[0]), Data: args.Bytes()[half[0]:half[1]]}
			peer.send("helium.ctl.bindery."+srv.Instance(), "+2", message(wire.Frame{Kind: wire.KindItemPart, Seq: seq + 1, Body: wire.AppendPart(nil, part)}))
		}
		eventually(t, "the handler runs", func() bool { return b.ran.Load() == int64(seq)+1 })
	}
	if got, want := chunks.Taken(), many*int64(extent.Length); got != want {
		t.Errorf("%d handlers hold their arguments, of which %d bytes have room; want %d", many, got, want)
	}
	for seq := range uint64(many) {
		peer.send("helium.ctl.bindery."+srv.Instance(), "+3", message(wire.Frame{Kind: wire.KindCancel, Seq: seq + 1}))
	}
	eventually(t, "nothing is kept", func() bool { return chunks.Taken() == 0 })
}

package rpcclient_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// press is a service of streams whose arguments and results are large.
type press struct {
	ran  atomic.Int64
	over chan error // told how handlers that wait have ended
}

// Cut gives a text in pieces of so many bytes.
func (p *press) Cut(ctx context.Context, text []byte, size int) iter.Seq2[[]byte, error] {
	p.ran.Add(1)
	return func(yield func([]byte, error) bool) {
		for at := 0; at < len(text); at += size {
			if !yield(text[at:min(at+size, len(text))], nil) {
				return
			}
		}
	}
}

// Bind returns a text with pages behind it.
func (p *press) Bind(text []byte, pages iter.Seq2[[]byte, error]) ([]byte, error) {
	p.ran.Add(1)
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		text = append(text, page...)
	}
	return text, nil
}

// Stamp gives pages as they come, each behind the checksum of a text.
func (p *press) Stamp(text []byte, pages iter.Seq2[[]byte, error]) iter.Seq2[string, error] {
	p.ran.Add(1)
	return func(yield func(string, error) bool) {
		for page, err := range pages {
			if err != nil || !yield(fmt.Sprintf("%08x %s", crc32.ChecksumIEEE(text), page), nil) {
				return
			}
		}
	}
}

// Print returns so many bytes, once it was sent what it has to wait for.
func (p *press) Print(size int, pages iter.Seq2[int, error]) ([]byte, error) {
	p.ran.Add(1)
	for _, err := range pages {
		if err != nil {
			return nil, err
		}
	}
	return randomBytes(size), nil
}

// Hold keeps a text until its caller has left.
func (p *press) Hold(ctx context.Context, text []byte) iter.Seq2[int, error] {
	p.ran.Add(1)
	return func(yield func(int, error) bool) {
		_ = yield(len(text), nil)
		<-ctx.Done()
		p.over <- ctx.Err()
	}
}

func newPress() *press { return &press{over: make(chan error, 10)} }

type pressStub struct {
	Cut   func(ctx context.Context, text []byte, size int) iter.Seq2[[]byte, error]
	Bind  func(ctx context.Context, text []byte, pages iter.Seq2[[]byte, error]) ([]byte, error)
	Stamp func(ctx context.Context, text []byte, pages iter.Seq2[[]byte, error]) iter.Seq2[string, error]
}

// pages gives pages of so many bytes each.
func pages(sizes ...int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, size := range sizes {
			if !yield(randomBytes(size), nil) {
				return
			}
		}
	}
}

func TestLargeArgumentsAndResultsOfStreamsArriveWholeWhateverTheWayToCall(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{MaxPayload: smallMessage}})
		c := env.NewClient(long)
		srv := serveOver(t, over, env, c, rpcserver.Config{}, "press", newPress())
		ways := map[string]func(c *rpcclient.Client) pressStub{
			"by name": func(c *rpcclient.Client) pressStub {
				return pressStub{
					Cut: func(ctx context.Context, text []byte, size int) iter.Seq2[[]byte, error] {
						return rpcclient.Stream[[]byte](ctx, c, "press.cut", text, size)
					},
					Bind: func(ctx context.Context, text []byte, pages iter.Seq2[[]byte, error]) ([]byte, error) {
						return rpcclient.Call[[]byte](ctx, c, "press.bind", text, pages)
					},
					Stamp: func(ctx context.Context, text []byte, pages iter.Seq2[[]byte, error]) iter.Seq2[string, error] {
						return rpcclient.Stream[string](ctx, c, "press.stamp", text, pages)
					},
				}
			},
			"by a bound stub": func(c *rpcclient.Client) (stub pressStub) {
				if err := c.Bind("press", &stub); err != nil {
					t.Fatal(err)
				}
				return stub
			},
		}
		ctx := helium.WithMetadata(t.Context(), helium.Metadata{"k": "v"})
		for name, way := range ways {
			for i, at := range []*rpcclient.Client{c, c.At(srv.Instance()), rpcclient.Keyed(c, "k")} {
				stub := way(at)
				for _, size := range []int{smallMessage, 8 * smallMessage, 1<<20 + 7} {
					if i > 0 && size > smallMessage {
						continue
					}
					text := randomBytes(size)
					got, err := gather(stub.Cut(ctx, text, 100_000))
					if err != nil || !bytes.Equal(bytes.Join(got, nil), text) {
						t.Errorf("%s: %d bytes came back in %d pieces, of %d bytes, %v", name, size, len(got), len(bytes.Join(got, nil)), err)
					}
					bound, err := stub.Bind(ctx, text, pages(5, 300_000, 7))
					if want := bytes.Join([][]byte{text, randomBytes(5), randomBytes(300_000), randomBytes(7)}, nil); err != nil || !bytes.Equal(bound, want) {
						t.Errorf("%s: %d bytes and three pages came back as %d bytes, %v; want %d, the same", name, size, len(bound), err, len(want))
					}
					stamped, err := gather(stub.Stamp(ctx, text, pages(5, 7)))
					sum := crc32.ChecksumIEEE(text)
					if want := fmt.Sprintf("%08x %s", sum, randomBytes(5)); err != nil || len(stamped) != 2 || stamped[0] != want {
						t.Errorf("%s: two pages for %d bytes came back as %d, %v; want %q first", name, size, len(stamped), err, want)
					}
				}
			}
		}
		noRoomTaken(t)
	})
}

func TestAStreamTakes32MiBOfArgumentsAndReturnsThemByAStockServer(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		c := env.NewClient(long)
		serveOver(t, over, env, c, rpcserver.Config{}, "press", newPress())
		text := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
		got, err := rpcclient.Call[[]byte](t.Context(), c, "press.bind", text, pages(1))
		if err != nil || !bytes.Equal(got, append(text, randomBytes(1)...)) {
			t.Errorf("%d bytes and a page came back as %d bytes, %v; want the same", len(text), len(got), err)
		}
		noRoomTaken(t)
	})
}

func TestLargeArgumentsAndResultsOfStreamsCountAsLargeValuesAndNotAsItems(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		c := env.NewClient(long)
		srv := serveOver(t, over, env, c, rpcserver.Config{}, "press", newPress())
		const size = 3 << 20
		before, served := c.Stats(), srv.Stats()
		if got, err := rpcclient.Call[[]byte](t.Context(), c, "press.bind", randomBytes(size), pages(1, 2)); err != nil || len(got) != size+3 {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
		type figures struct{ Sent, Received, ItemsSent, ItemsReceived uint64 }
		eventually(t, func() error {
			s := srv.Stats()
			got := figures{s.LargeSent - served.LargeSent, s.LargeReceived - served.LargeReceived, s.ItemsSent - served.ItemsSent, s.ItemsReceived - served.ItemsReceived}
			if want := (figures{1, 1, 0, 2}); got != want {
				return fmt.Errorf("the server counts %+v, want %+v", got, want)
			}
			return nil
		})
		s := c.Stats()
		got := figures{s.LargeSent - before.LargeSent, s.LargeReceived - before.LargeReceived, s.ItemsSent - before.ItemsSent, s.ItemsReceived - before.ItemsReceived}
		if want := (figures{1, 1, 2, 0}); got != want {
			t.Errorf("the client counts %+v, want %+v", got, want)
		}
		if sent, received := s.LargeBytesSent-before.LargeBytesSent, s.LargeBytesReceived-before.LargeBytesReceived; sent < size || received < size || sent > size+100 || received > size+100 {
			t.Errorf("the client counts %d bytes sent and %d received in large values, want about %d", sent, received, size)
		}
	})
}

func TestArgumentsAndResultsOfStreamsBeyondMaxValueAreRefusedOnEitherSide(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		p := newPress()
		generous := env.NewClient(long)
		serveOver(t, over, env, generous, rpcserver.Config{MaxValue: 3 << 20}, "press", p)
		mean := env.NewClient(rpcclient.Config{Timeout: long.Timeout, MaxValue: 2 << 20})
		for name, of := range map[string]struct {
			call func() error
			want failure
			runs int64
		}{
			"arguments beyond the client's": {
				func() error {
					_, err := gather(rpcclient.Stream[[]byte](t.Context(), mean, "press.cut", randomBytes(2<<20), 1000))
					return err
				},
				failure{is: helium.ErrTooLarge, code: helium.CodeResourceExhausted, outcome: helium.NotExecuted, says: []string{"press.cut", "this client sends at most 2097152", "rpcclient.Config.MaxValue"}}, 0,
			},
			"arguments beyond the server's": {
				func() error {
					return generous.Call(t.Context(), "press.bind", nil, randomBytes(4<<20), pages(1))
				},
				failure{is: helium.ErrTooLarge, code: helium.CodeResourceExhausted, outcome: helium.NotExecuted, says: []string{"press.bind", "takes at most 3145728", "rpcserver.Config.MaxValue"}}, 0,
			},
			"a result beyond the server's": {
				func() error { return generous.Call(t.Context(), "press.print", nil, 4<<20, numbers(3)) },
				failure{is: helium.ErrResultTooLarge, code: helium.CodeResourceExhausted, outcome: helium.Executed, says: []string{"press.print", "at most 3145728 are sent", "rpcserver.Config.MaxValue"}}, 1,
			},
			"a result beyond the client's": {
				func() error { return mean.Call(t.Context(), "press.print", nil, 2<<20, numbers(3)) },
				failure{is: helium.ErrResultTooLarge, code: helium.CodeResourceExhausted, outcome: helium.Executed, says: []string{"press.print", "this client takes at most 2097152", "rpcclient.Config.MaxValue"}}, 1,
			},
		} {
			before := p.ran.Load()
			checkFailure(t, name, of.call(), of.want)
			if got := p.ran.Load() - before; got != of.runs {
				t.Errorf("%s: the handler ran %d times, want %d", name, got, of.runs)
			}
		}
		noRoomTaken(t)
	})
}

func TestMetadataOfAStreamThatDoNotFitAMessageAreRefusedWhateverItsArguments(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "press", newPress())
	ctx := helium.WithMetadata(t.Context(), helium.Metadata{"k": string(bytes.Repeat([]byte("v"), 1<<20))})
	for _, size := range []int{1, 2 << 20} {
		err := env.Client.Call(ctx, "press.bind", nil, randomBytes(size), pages(1))
		checkFailure(t, fmt.Sprintf("a stream with arguments of %d bytes", size), err, failure{is: helium.ErrTooLarge, code: helium.CodeResourceExhausted, outcome: helium.NotExecuted, says: []string{"metadata", "1048576"}})
	}
}

func TestAHandlerMayHoldALargeArgumentWhileItsStreamLastsAndNothingIsKeptAfterwards(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		p := newPress()
		c := env.NewClient(long)
		serveOver(t, over, env, c, rpcserver.Config{}, "press", p)
		for n, err := range rpcclient.Stream[int](t.Context(), c, "press.hold", randomBytes(5<<20)) {
			if n != 5<<20 || err != nil {
				t.Errorf("got %d, %v", n, err)
			}
			if taken, leaving := chunks.Taken(), chunks.Leaving(); taken < 5<<20 || leaving != 0 {
				t.Errorf("the handler holds 5 MiB, and %d bytes are taken, %d leave; want them taken, and none that leaves any more", taken, leaving)
			}
			break
		}
		if err := within(t, p.over, "the end of the handler"); err == nil {
			t.Error("the handler's context has no error")
		}
		noRoomTaken(t)
	})
}

// pressRecord is the record of an instance that stands for a press of some abilities.
func pressRecord(abilities wire.Abilities) binder.Record {
	return binder.Record{Service: "fake", Instance: "i1", Abilities: uint64(abilities), Methods: []binder.Method{
		{Name: "cut", Signature: "cut(text bytes) stream<bytes>", Kind: "stream"},
		{Name: "hang", Signature: "hang(text bytes, pictures stream<int64>) bytes", Kind: "stream"},
	}}
}

var noSuchText = helium.NewError(helium.CodeNotFound, "press.no_text", "no such text")

const allOfStreams = wire.Streams | wire.Chunks | wire.ItemParts | wire.LargeStreams

func TestLargeArgumentsOfAStreamAreNotSentWhereNoInstanceTakesThemAndGoToOneThatDoes(t *testing.T) {
	env := heliumtest.New(t)
	s := newChunkServer(t, env, wire.Streams|wire.Chunks|wire.ItemParts)
	register(t, env, pressRecord(wire.Streams|wire.Chunks|wire.ItemParts))
	_, err := gather(rpcclient.Stream[[]byte](t.Context(), env.Client, "fake.cut", randomBytes(2<<20)))
	checkFailure(t, "a stream of an instance of an older version", err, failure{is: helium.ErrTooLarge, code: helium.CodeResourceExhausted, outcome: helium.NotExecuted, says: []string{"fake.cut", "takes more", "update the servers"}})
	select {
	case f := <-s.frames:
		t.Errorf("a frame of kind %d was sent to an instance of an older version, want none", f.Kind)
	default:
	}
	newer := pressRecord(allOfStreams)
	newer.Instance = "i2"
	register(t, env, newer)
	eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := gather(rpcclient.Stream[[]byte](ctx, env.Client, "fake.cut", randomBytes(2<<20)))
		if helium.CodeOf(err) != helium.CodeUnavailable { // nobody listens there
			return fmt.Errorf("got %v, want that it was sent to the newer instance, where nobody listens", err)
		}
		return nil
	})
}

func TestTheResultOfAStreamThatDoesNotComeAsAnnouncedIsAnErrorAndKeepsNothing(t *testing.T) {
	result := fakeResult(100_000) // all of which, and one more, is within the credit
	extent := wire.ExtentOf(result)
	wrong, short := extent, extent
	wrong.Checksum++
	short.Length--
	announce := func(e wire.Extent) wire.Frame {
		return wire.Frame{Kind: wire.KindLargeReply, Body: wire.AppendExtent(nil, e)}
	}
	part := func(before uint64, from, to int) wire.Frame {
		return wire.Frame{Kind: wire.KindItemPart, Body: wire.AppendPart(nil, wire.Part{Before: before, Length: uint64(len(result)), Offset: uint64(from), Data: result[from:to]})}
	}
	const half = 40_000
	all := []wire.Frame{part(0, 0, half), part(0, half, len(result))}
	whole := wire.Frame{Kind: wire.KindItems, Body: wire.AppendItems(nil, wire.Items{Count: 1, Data: fakeResult(10)})}
	reply := wire.Frame{Kind: wire.KindReply, Body: msgpack.AppendNil(nil)}
	account := wire.Frame{Kind: wire.KindAccount, Body: wire.AppendAccount(nil, wire.Account{})}
	cut := wire.Frame{Kind: wire.KindError, Body: wire.AppendError(nil, helium.ErrCut)}
	frames := func(first wire.Frame, rest ...wire.Frame) []wire.Frame { return append([]wire.Frame{first}, rest...) }
	for name, of := range map[string]struct {
		frames []wire.Frame
		want   *helium.Error // nil: the result arrives
	}{
		"as announced":                         {append(frames(announce(extent), all...), reply), nil},
		"another checksum":                     {append(frames(announce(wrong), all...), reply), helium.ErrBadResult},
		"another length":                       {append(frames(announce(short), all...), reply), helium.ErrBadResult},
		"a length beyond all bounds":           {frames(announce(wire.Extent{Length: 1 << 62})), helium.ErrResultTooLarge},
		"an announcement that can't be read":   {frames(wire.Frame{Kind: wire.KindLargeReply, Body: []byte{5}}), helium.ErrBadResult},
		"announced twice":                      {frames(announce(extent), announce(extent)), helium.ErrBadResult},
		"not announced, so without credit":     {frames(whole), helium.ErrBadMessage},
		"nothing of it":                        {frames(announce(extent), reply), helium.ErrStreamGap},
		"half of it":                           {frames(announce(extent), part(0, 0, half), reply), helium.ErrStreamGap},
		"half of it, and an error":             {frames(announce(extent), part(0, 0, half), cut), helium.ErrCut},
		"its announcement lost":                {frames(account), helium.ErrStreamGap},
		"a gap":                                {frames(announce(extent), part(0, half, len(result))), helium.ErrStreamGap},
		"one more item":                        {append(frames(announce(extent), all...), part(1, 0, half), part(1, half, len(result)), reply), helium.ErrBadResult},
		"chunks, as of a call":                 {frames(announce(extent), wire.Frame{Kind: wire.KindChunk, Body: []byte{1}}), helium.ErrBadResult},
		"credit for chunks, as of a call":      {frames(wire.Frame{Kind: wire.KindChunkCredit, Time: 5}), helium.ErrBadResult},
		"an item that is no value":             {frames(announce(wire.ExtentOf([]byte{0xc1})), wire.Frame{Kind: wire.KindItemPart, Body: wire.AppendPart(nil, wire.Part{Length: 1, Data: []byte{0xc1}})}, reply), helium.ErrBadResult},
		"two values in one item":               {frames(announce(wire.ExtentOf([]byte{1, 2})), wire.Frame{Kind: wire.KindItemPart, Body: wire.AppendPart(nil, wire.Part{Length: 2, Data: []byte{1, 2}})}, reply), helium.ErrBadResult},
		"an error of the handler in its place": {frames(wire.Frame{Kind: wire.KindError, Body: wire.AppendError(nil, noSuchText.WithOutcome(helium.Executed))}), noSuchText},
	} {
		t.Run(name, func(t *testing.T) {
			env := heliumtest.New(t)
			s := newChunkServer(t, env, allOfStreams)
			register(t, env, pressRecord(allOfStreams))
			over := make(chan error, 1)
			go func() {
				got, err := rpcclient.Call[[]byte](context.Background(), env.Client, "fake.hang", []byte("text"), numbers(0))
				if err == nil && !bytes.Equal(got, randomBytes(100_000)) {
					err = fmt.Errorf("%d other bytes arrived", len(got))
				}
				over <- err
			}()
			begun := s.next(wire.KindStream)
			send := func(f wire.Frame) {
				f.Seq = begun.Seq
				s.send(f)
			}
			send(wire.Frame{Kind: wire.KindCredit, Body: wire.AppendCredit(nil, wire.Credit{Bytes: 1000, Items: 10})})
			for _, f := range of.frames {
				if send(f); f.Kind == wire.KindLargeReply && name != "announced twice" && of.want != helium.ErrResultTooLarge && len(f.Body) > 1 {
					for f := within(t, s.frames, "credit for the result"); f.Kind != wire.KindCredit; f = within(t, s.frames, "credit for the result") {
						if f.Kind != wire.KindItemsEnd {
							t.Fatalf("a frame of kind %d came, want credit for the result", f.Kind)
						}
					}
				}
			}
			err := within(t, over, "the end of the stream")
			switch {
			case of.want == nil && err != nil:
				t.Errorf("got %v, want the result", err)
			case of.want != nil && (helium.CodeOf(err) != of.want.Code || helium.AsError(err).Reason != of.want.Reason):
				t.Errorf("got %v, want %s %s", err, of.want.Code, of.want.Reason)
			case of.want != nil && (of.frames[0].Kind == wire.KindLargeReply || of.frames[0].Kind == wire.KindAccount) && len(of.frames[0].Body) > 1 && helium.OutcomeOf(err) != helium.Executed:
				t.Errorf("the outcome of %v is %v, want executed, as its result was announced", err, helium.OutcomeOf(err))
			}
			noRoomTaken(t)
		})
	}
}

func TestAStreamThatIsGivenUpWhileItsArgumentsLeaveDidNotRunAndKeepsNothing(t *testing.T) {
	env := heliumtest.New(t)
	s := newChunkServer(t, env, allOfStreams)
	register(t, env, pressRecord(allOfStreams))
	for name, of := range map[string]struct {
		credit uint64 // that is given for the arguments
		ctx    func(context.Context) (context.Context, context.CancelFunc)
		want   helium.Code
	}{
		"before anything was asked for": {0, context.WithCancel, helium.CodeCanceled},
		"in the middle":                 {300_000, context.WithCancel, helium.CodeCanceled},
		"at its deadline": {300_000, func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 300*time.Millisecond)
		}, helium.CodeDeadlineExceeded},
	} {
		ctx, cancel := of.ctx(t.Context())
		over := make(chan error, 1)
		asked := false
		go func() {
			over <- env.Client.Call(ctx, "fake.hang", nil, randomBytes(2<<20), iter.Seq2[int, error](func(yield func(int, error) bool) { asked = true }))
		}()
		begun := s.next(wire.KindLargeStream)
		if extent, err := wire.ReadExtent(begun.Body); err != nil || extent.Length < 2<<20 {
			t.Errorf("%s: arguments of %d bytes are announced, %v; want 2 MiB and a little", name, extent.Length, err)
		}
		s.send(wire.Frame{Kind: wire.KindCredit, Seq: begun.Seq, Body: wire.AppendCredit(nil, wire.Credit{Bytes: of.credit, Items: 10})})
		for came := uint64(0); came < of.credit; {
			part, err := wire.ReadPart(s.next(wire.KindItemPart).Body)
			if err != nil || part.Before != 0 || part.Offset != came {
				t.Fatalf("%s: a part at %d of item %d came, %v; want one at %d of the arguments", name, part.Offset, part.Before, err, came)
			}
			came += uint64(len(part.Data))
		}
		if of.want == helium.CodeCanceled {
			cancel()
		}
		err := within(t, over, "the end of the stream")
		checkFailure(t, name, err, failure{code: of.want, outcome: helium.NotExecuted})
		if asked {
			t.Errorf("%s: the program's iterator was asked for items, want the arguments first", name)
		}
		for f := within(t, s.frames, "a cancel"); f.Kind != wire.KindCancel; f = within(t, s.frames, "a cancel") {
		}
		cancel()
		noRoomTaken(t)
	}
}

// hanging is a service like the one that pressRecord describes.
type hanging struct{}

func (hanging) Cut(text []byte) iter.Seq2[[]byte, error] { return pages(len(text)) }

func (hanging) Hang(text []byte, pictures iter.Seq2[int, error]) (all []byte, err error) {
	for n, err := range pictures {
		if err != nil {
			return nil, err
		}
		all = append(all, byte(n))
	}
	return append(all, text...), nil
}

func TestAStreamThatEndsInTheMiddleOfItsArgumentsBeginsAgainElsewhere(t *testing.T) {
	env := heliumtest.New(t)
	s := newChunkServer(t, env, allOfStreams)
	register(t, env, pressRecord(allOfStreams))
	type end struct {
		got []byte
		err error
	}
	over := make(chan end, 1)
	text := randomBytes(2 << 20)
	go func() {
		got, err := rpcclient.Call[[]byte](context.Background(), env.Client, "fake.hang", text, numbers(3))
		over <- end{got, err}
	}()
	begun := s.next(wire.KindLargeStream)
	s.send(wire.Frame{Kind: wire.KindCredit, Seq: begun.Seq, Body: wire.AppendCredit(nil, wire.Credit{Bytes: 100_000, Items: 10})})
	s.next(wire.KindItemPart)
	srv := heliumtest.Serve(env, "fake", hanging{})
	eventually(t, func() error { // the client knows it
		return env.Client.At(srv.Instance()).Call(t.Context(), "fake.hang", nil, []byte("x"), numbers(1))
	})
	s.send(wire.Frame{Kind: wire.KindError, Seq: begun.Seq, Body: wire.AppendError(nil, helium.ErrCut.WithOutcome(helium.NotExecuted))})
	if got := within(t, over, "the end of the stream"); got.err != nil || !bytes.Equal(got.got, append([]byte{0, 1, 2}, text...)) {
		t.Errorf("got %d bytes, %v; want all three items and the text, from the other instance", len(got.got), got.err)
	}
	noRoomTaken(t)
}

func TestAStreamWhoseIteratorWasAskedDoesNotBeginAgainWithoutWhatThatGave(t *testing.T) {
	for name, size := range map[string]int{"with small arguments": 10, "behind large arguments": 2 << 20} {
		t.Run(name, func(t *testing.T) {
			env := heliumtest.New(t)
			s := newChunkServer(t, env, allOfStreams)
			register(t, env, pressRecord(allOfStreams))
			asked, over := make(chan bool, 10), make(chan error, 1)
			go func() {
				over <- env.Client.Call(context.Background(), "fake.hang", nil, randomBytes(size), iter.Seq2[int, error](func(yield func(int, error) bool) {
					asked <- true
					_ = yield(5, nil)
				}))
			}()
			begun := within(t, s.frames, "the beginning")
			s.send(wire.Frame{Kind: wire.KindCredit, Seq: begun.Seq, Body: wire.AppendCredit(nil, wire.Credit{Bytes: 4 << 20, Items: 10})})
			within(t, asked, "that items are asked for")
			srv := heliumtest.Serve(env, "fake", hanging{})
			eventually(t, func() error { // the client knows it
				return env.Client.At(srv.Instance()).Call(t.Context(), "fake.hang", nil, []byte("x"), numbers(1))
			})
			s.send(wire.Frame{Kind: wire.KindError, Seq: begun.Seq, Body: wire.AppendError(nil, helium.ErrCut.WithOutcome(helium.NotExecuted))})
			err := within(t, over, "the end of the stream")
			checkFailure(t, name, err, failure{is: helium.ErrCut, code: helium.CodeUnavailable, outcome: helium.NotExecuted})
			if n := len(asked); n > 0 {
				t.Errorf("the iterator ran %d times more, want once in all", n)
			}
			noRoomTaken(t)
		})
	}
}

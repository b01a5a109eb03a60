package rpcserver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// speaksChunks is a frame about a caller that takes results in chunks.
var speaksChunks = wire.Frame{Kind: wire.KindSender, Seq: 7, Abilities: wire.Chunks}

// ownToken is the end of a reply subject of a caller that has one inbox for all its calls.
const ownToken = "+1"

// echoOf returns the arguments of a call of probe.echo.
func echoOf(text string) []byte {
	var args codec.Writer
	args.ArrayHeader(1)
	args.String(text)
	return args.Bytes()
}

// announce is a call of probe.echo whose arguments follow.
func announce(seq uint64, extent wire.Extent) []byte {
	return message(speaksChunks, wire.Frame{Kind: wire.KindLargeCall, Seq: seq, Time: 60_000, Body: wire.AppendExtent(nil, extent)})
}

func chunk(seq, offset uint64, part []byte) []byte {
	return message(wire.Frame{Kind: wire.KindChunk, Seq: seq, Time: offset, Body: part})
}

func credit(seq, offset uint64) []byte {
	return message(wire.Frame{Kind: wire.KindChunkCredit, Seq: seq, Time: offset})
}

// about returns the next frame that is about a call, and checks that the instance is named before it.
func (p *peer) about(instance string, seq uint64) wire.Frame {
	p.t.Helper()
	_, frames := p.next()
	if len(frames) != 2 || frames[0].Kind != wire.KindInstance || string(frames[0].Body) != instance || frames[1].Seq != seq {
		p.t.Fatalf("got %+v, want a frame about call %d behind one about instance %s", frames, seq, instance)
	}
	return frames[1]
}

// noRoomTaken waits until nothing of large values is kept.
func noRoomTaken(t testing.TB) {
	t.Helper()
	eventually(t, fmt.Sprintf("no room is taken, of %d bytes", chunks.Taken()), func() bool { return chunks.Taken() == 0 })
}

func TestACallRunsOnceAllItsArgumentsHaveComeAsAnnounced(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{})
	at := "helium.at.probe." + srv.Instance() + ".echo"
	p := w.peer()
	args := echoOf(strings.Repeat("x", chunks.Window+1000))
	p.send(at, ownToken, announce(1, wire.ExtentOf(args)))
	if f := p.about(srv.Instance(), 1); f.Kind != wire.KindChunkCredit || f.Time != chunks.Window {
		t.Fatalf("got %+v, want credit for a window", f)
	}
	half := uint64(chunks.Window / 2)
	p.send(at, ownToken, chunk(1, 0, args[:half]))
	if f := p.about(srv.Instance(), 1); f.Kind != wire.KindChunkCredit || f.Time != uint64(len(args)) {
		t.Fatalf("got %+v, want credit for the rest", f)
	}
	if calls := srv.Stats().Calls; calls != 0 {
		t.Errorf("%d calls have run, want none while arguments are missing", calls)
	}
	p.send(at, ownToken, chunk(1, half, args[half:2*half]))
	p.send(at, ownToken, chunk(1, 2*half, args[2*half:]))
	f := p.about(srv.Instance(), 1)
	if f.Kind != wire.KindLargeReply {
		t.Fatalf("got %+v, want the announcement of a large result", f)
	}
	extent, err := wire.ReadExtent(f.Body)
	if want := wire.ExtentOf(args[1:]); err != nil || extent != want { // the text, as it was sent
		t.Fatalf("the result has %+v, %v; want %+v", extent, err, want)
	}
	control := "helium.ctl.probe." + srv.Instance()
	var got []byte
	for uint64(len(got)) < extent.Length {
		p.send(control, ownToken, credit(1, min(uint64(len(got))+chunks.Part, extent.Length)))
		f := p.about(srv.Instance(), 1)
		if f.Kind != wire.KindChunk || f.Time != uint64(len(got)) || len(f.Body) > chunks.Part {
			t.Fatalf("got kind %d at %d of %d bytes, want a part at %d", f.Kind, f.Time, len(f.Body), len(got))
		}
		got = append(got, f.Body...)
	}
	if !bytes.Equal(got, args[1:]) {
		t.Error("the result isn't what was sent")
	}
	p.quietly()
	noRoomTaken(t)
}

func TestArgumentsThatDoNotComeAsAnnouncedAreRefused(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{MaxValue: 2 << 20})
	at := "helium.at.probe." + srv.Instance() + ".echo"
	args := echoOf("some text that is long enough")
	extent := wire.ExtentOf(args)
	wrong := extent
	wrong.Checksum++
	huge := wire.Extent{Length: 2<<20 + 1}
	for name, test := range map[string]struct {
		announced wire.Extent
		parts     [][]byte
		want      *helium.Error
	}{
		"a gap":                 {extent, [][]byte{chunk(1, 0, args[:5]), chunk(1, 6, args[6:])}, helium.ErrBadMessage},
		"a part twice":          {extent, [][]byte{chunk(1, 0, args[:5]), chunk(1, 0, args[:5])}, helium.ErrBadMessage},
		"not the beginning":     {extent, [][]byte{chunk(1, 5, args[5:])}, helium.ErrBadMessage},
		"an empty part":         {extent, [][]byte{chunk(1, 0, nil)}, helium.ErrBadMessage},
		"more than announced":   {extent, [][]byte{chunk(1, 0, append(bytes.Clone(args), 0))}, helium.ErrBadMessage},
		"another checksum":      {wrong, [][]byte{chunk(1, 0, args)}, helium.ErrBadMessage},
		"what are no arguments": {wire.ExtentOf([]byte{0xc1, 0xc1}), [][]byte{chunk(1, 0, []byte{0xc1, 0xc1})}, helium.ErrBadArgument},
		"nothing at all":        {wire.Extent{}, nil, helium.ErrBadArgument},
		"too much":              {huge, nil, helium.ErrTooLarge},
		"beyond all bounds":     {wire.Extent{Length: 1<<64 - 1}, nil, helium.ErrTooLarge},
	} {
		p := w.peer()
		p.send(at, ownToken, announce(1, test.announced))
		f := p.about(srv.Instance(), 1)
		if f.Kind == wire.KindChunkCredit {
			for _, part := range test.parts {
				p.send(at, ownToken, part)
			}
			f = p.about(srv.Instance(), 1)
		}
		e, err := wire.ReadError(f.Body)
		if f.Kind != wire.KindError || err != nil || !errors.Is(e, test.want) || e.Outcome != helium.NotExecuted || e.Instance != srv.Instance() {
			t.Errorf("%s: got kind %d, %v (%v); want %q, not executed, of the instance", name, f.Kind, e, err, test.want.Reason)
		}
		noRoomTaken(t)
	}
}

func TestOnlyWhoTakesResultsInChunksSendsArgumentsSo(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{})
	at := "helium.at.probe." + srv.Instance() + ".echo"
	body := wire.AppendExtent(nil, wire.ExtentOf(echoOf("x")))
	for name, test := range map[string]struct {
		token string
		data  []byte
	}{
		"a caller that says nothing":      {ownToken, message(wire.Frame{Kind: wire.KindLargeCall, Seq: 1, Time: 60_000, Body: body})},
		"one without the ability":         {ownToken, message(wire.Frame{Kind: wire.KindSender, Seq: 7}, wire.Frame{Kind: wire.KindLargeCall, Seq: 1, Time: 60_000, Body: body})},
		"one with an inbox for each call": {"1", announce(1, wire.ExtentOf(echoOf("x")))},
		"an extent that is none":          {ownToken, message(speaksChunks, wire.Frame{Kind: wire.KindLargeCall, Seq: 1, Time: 60_000, Body: []byte{0x91, 0x05}})},
		"a call with the number 0":        {ownToken, message(speaksChunks, wire.Frame{Kind: wire.KindLargeCall, Time: 60_000, Body: body})},
	} {
		p := w.peer()
		p.send(at, test.token, test.data)
		_, frames := p.next()
		last := frames[len(frames)-1]
		e, err := wire.ReadError(last.Body)
		if last.Kind != wire.KindError || err != nil || !errors.Is(e, helium.ErrBadMessage) || e.Outcome != helium.NotExecuted {
			t.Errorf("%s: got kind %d, %v (%v); want %q, not executed", name, last.Kind, e, err, helium.ErrBadMessage.Reason)
		}
	}
	noRoomTaken(t)
}

func TestWhoTakesNoChunksIsToldThatAResultIsTooLarge(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{})
	for name, test := range map[string]struct {
		token  string
		opened []wire.Frame
	}{
		"says nothing of itself":     {ownToken, nil},
		"has not the ability":        {ownToken, []wire.Frame{{Kind: wire.KindSender, Seq: 7, Abilities: wire.Heartbeats}}},
		"has an inbox for each call": {"1", []wire.Frame{speaksChunks}},
	} {
		p := w.peer()
		call := callFrame(1, 2<<20)
		p.send("helium.call.probe.bytes", test.token, message(append(test.opened, call)...))
		_, frames := p.next()
		last := frames[len(frames)-1]
		e, err := wire.ReadError(last.Body)
		if last.Kind != wire.KindError || err != nil || !errors.Is(e, helium.ErrResultTooLarge) || e.Outcome != helium.Executed || e.Instance != srv.Instance() {
			t.Errorf("a caller that %s: got kind %d, %v (%v); want %q, executed", name, last.Kind, e, err, helium.ErrResultTooLarge.Reason)
		}
	}
	noRoomTaken(t)
}

func TestWhatIsUnderWayInChunksEndsWithItsCall(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{})
	at, control := "helium.at.probe."+srv.Instance()+".echo", "helium.ctl.probe."+srv.Instance()
	large := func(seq, ms uint64) []byte {
		f := callFrame(seq, 2<<20)
		f.Time = ms
		return message(speaksChunks, f)
	}
	short := func(seq uint64) []byte {
		return message(speaksChunks, wire.Frame{Kind: wire.KindLargeCall, Seq: seq, Time: 1000, Body: wire.AppendExtent(nil, wire.Extent{Length: 1 << 20})})
	}
	cancel := func(seq uint64) []byte { return message(wire.Frame{Kind: wire.KindCancel, Seq: seq}) }
	for name, test := range map[string]struct {
		send    func(p *peer)
		want    error
		outcome helium.Outcome
	}{
		"arguments, at the deadline": {func(p *peer) { p.send(at, ownToken, short(1)) }, context.DeadlineExceeded, helium.NotExecuted},
		"arguments, at a cancel": {func(p *peer) {
			p.send(at, ownToken, announce(1, wire.Extent{Length: 1 << 20}))
			p.send(control, ownToken, cancel(1))
		}, context.Canceled, helium.NotExecuted},
		"a result, at the deadline": {func(p *peer) { p.send("helium.call.probe.bytes", ownToken, large(1, 3000)) }, context.DeadlineExceeded, helium.Executed},
		"a result, at a cancel": {func(p *peer) {
			p.send("helium.call.probe.bytes", ownToken, large(1, 60_000))
			if f := p.about(srv.Instance(), 1); f.Kind != wire.KindLargeReply {
				t.Fatalf("got %+v, want the announcement of a large result", f)
			}
			p.send(control, ownToken, cancel(1))
		}, context.Canceled, helium.Executed},
	} {
		p := w.peer()
		test.send(p)
		f := p.about(srv.Instance(), 1)
		for f.Kind == wire.KindChunkCredit || f.Kind == wire.KindLargeReply {
			f = p.about(srv.Instance(), 1)
		}
		e, err := wire.ReadError(f.Body)
		if f.Kind != wire.KindError || err != nil || !errors.Is(e, test.want) || e.Outcome != test.outcome {
			t.Errorf("%s: got kind %d, %v (%v, %v); want %v, %v", name, f.Kind, e, e.Outcome, err, test.want, test.outcome)
		}
		noRoomTaken(t)
		eventually(t, name+": no call runs in the end", func() bool { return srv.Stats().Running == 0 })
	}
}

func TestAServerThatStopsSendsTheLargeResultsOfItsCalls(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv, _ := w.serve(rpcserver.Config{})
	p := w.peer()
	const size = 2 << 20
	p.send("helium.call.probe.bytes", ownToken, message(speaksChunks, callFrame(1, size)))
	f := p.about(srv.Instance(), 1)
	extent, err := wire.ReadExtent(f.Body)
	if f.Kind != wire.KindLargeReply || err != nil {
		t.Fatalf("got %+v, want the announcement of a large result", f)
	}
	at := "helium.at.probe." + srv.Instance() + ".echo"
	p.send(at, ownToken, announce(2, wire.Extent{Length: 1000}))
	if f := p.about(srv.Instance(), 2); f.Kind != wire.KindChunkCredit {
		t.Fatalf("got %+v, want credit", f)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Shutdown(testContext(t)) }()
	// Arguments that come too late would never be whole.
	f = p.about(srv.Instance(), 2)
	e, err := wire.ReadError(f.Body)
	if f.Kind != wire.KindError || err != nil || !errors.Is(e, helium.ErrCut) || e.Outcome != helium.NotExecuted {
		t.Errorf("a call whose arguments are under way: kind %d, %v (%v); want %q, not executed", f.Kind, e, err, helium.ErrCut.Reason)
	}
	for have := uint64(0); have < extent.Length; {
		p.send("helium.ctl.probe."+srv.Instance(), ownToken, credit(1, have+chunks.Part))
		f := p.about(srv.Instance(), 1)
		if f.Kind != wire.KindChunk {
			t.Fatalf("got %+v, want a part of the result", f)
		}
		have += uint64(len(f.Body))
	}
	if err := receive(t, "the end of the server", stopped); err != nil {
		t.Errorf("Shutdown = %v, want nil as all was sent", err)
	}
	noRoomTaken(t)
}

func TestWithoutRoomForMoreLargeValuesCallsAreRefusedAndSmallOnesGoOn(t *testing.T) {
	_, srv, _, c := start(t, rpcserver.Config{})
	room := chunks.TakeRoom(chunks.MaxTogether - 3<<20)
	defer room.Leave()
	var text string
	err := c.Call(testContext(t), "probe.echo", &text, strings.Repeat("x", 4<<20))
	if !errors.Is(err, helium.ErrOverloaded) || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("arguments of 4 MiB: %v (%v), want %q, not executed", err, helium.OutcomeOf(err), helium.ErrOverloaded.Reason)
	}
	if calls := srv.Stats().Calls - srv.Stats().Errors; calls != 0 {
		t.Errorf("%d calls have run, want none", calls)
	}
	err = c.Call(testContext(t), "probe.bytes", nil, 4<<20)
	if !errors.Is(err, helium.ErrResultTooLarge) || helium.OutcomeOf(err) != helium.Executed {
		t.Errorf("a result of 4 MiB: %v (%v), want %q, executed", err, helium.OutcomeOf(err), helium.ErrResultTooLarge.Reason)
	}
	if err := c.Call(testContext(t), "probe.echo", &text, "small"); err != nil || text != "small" {
		t.Errorf("a small call: %q, %v; want it to go on", text, err)
	}
	room.Leave()
	if err := c.Call(testContext(t), "probe.bytes", nil, 4<<20); err != nil {
		t.Errorf("once there is room again: %v", err)
	}
	noRoomTaken(t)
}

func TestMaxValueIsRefusedOnEitherSideBeforeAnythingIsSent(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv, _ := w.serve(rpcserver.Config{MaxValue: 3 << 20})
	for name, test := range map[string]struct {
		client  int
		method  string
		arg     any
		want    *helium.Error
		outcome helium.Outcome
		says    string
	}{
		"arguments too large for the client": {2 << 20, "probe.echo", strings.Repeat("x", 5<<19), helium.ErrTooLarge, helium.NotExecuted, "rpcclient.Config.MaxValue"},
		"arguments too large for the server": {0, "probe.echo", strings.Repeat("x", 7<<19), helium.ErrTooLarge, helium.NotExecuted, "rpcserver.Config.MaxValue"},
		"a result too large for the server":  {0, "probe.bytes", 7 << 19, helium.ErrResultTooLarge, helium.Executed, "rpcserver.Config.MaxValue"},
		"a result too large for the client":  {2 << 20, "probe.bytes", 5 << 19, helium.ErrResultTooLarge, helium.Executed, "rpcclient.Config.MaxValue"},
	} {
		c := w.client(rpcclient.Config{MaxValue: test.client})
		before := srv.Stats().Calls - srv.Stats().Errors
		e := helium.AsError(c.Call(testContext(t), test.method, nil, test.arg))
		if e == nil || !errors.Is(e, test.want) || e.Outcome != test.outcome || !strings.Contains(e.Message, test.says) {
			t.Errorf("%s: %v (%v), want %q, %v, naming %s", name, e, helium.OutcomeOf(e), test.want.Reason, test.outcome, test.says)
		}
		if ran := srv.Stats().Calls - srv.Stats().Errors - before; test.outcome == helium.NotExecuted && ran != 0 {
			t.Errorf("%s: %d calls ran, want none", name, ran)
		}
		noRoomTaken(t)
	}
	for _, bad := range []int{-1, chunks.MaxTogether + 1} {
		if _, err := rpcclient.New(w.conn(), rpcclient.Config{MaxValue: bad}); err == nil || !strings.Contains(err.Error(), "MaxValue") {
			t.Errorf("a client with MaxValue %d: %v, want an error that names it", bad, err)
		}
		if err := rpcserver.New(w.conn(), rpcserver.Config{MaxValue: bad}).Start(testContext(t)); err == nil || !strings.Contains(err.Error(), "MaxValue") {
			t.Errorf("a server with MaxValue %d: %v, want an error that names it", bad, err)
		}
	}
}

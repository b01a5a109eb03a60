package wire

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

func TestAMessageCutAnywhereIsRefusedOrShorter(t *testing.T) {
	for _, v := range readVectors(t).Messages {
		payload, whole := unhex(t, v.Hex), len(v.frames(t))
		for n := 0; n < len(payload); n += 1 + len(payload)/500 {
			if got, err := readAll(payload[:n]); err == nil && len(got) >= whole {
				t.Errorf("%s cut to %d of %d bytes reads as whole: %d frames", v.Name, n, len(payload), len(got))
			}
		}
	}
}

func TestAMessageMadeAroundItsBodyIsTheOneMadeByCopying(t *testing.T) {
	roomy, cramped := codec.NewWriter(make([]byte, Room)), codec.NewWriter(make([]byte, 1))
	for _, w := range []*codec.Writer{&roomy, &cramped} {
		w.Binary(make([]byte, 300))
	}
	metadata := func(n int) []byte {
		return msgpack.AppendStringMap(nil, map[string]string{"k": strings.Repeat("v", n)})
	}
	for _, f := range []Frame{
		{Kind: KindCall, Seq: math.MaxUint64, Time: math.MaxUint64},
		{Kind: KindReply, Seq: 1, Time: 7, Metadata: metadata(10)},
		{Kind: KindReply, Seq: 1, Time: 7, Metadata: metadata(1000)},
		{Kind: KindCall, Seq: 1, Time: 7, Method: "add"},
	} {
		for _, w := range []*codec.Writer{&roomy, &cramped} {
			f.Body = w.Bytes()
			opening := AppendFrame(AppendMessageHeader(nil), &Frame{Kind: KindSender, Seq: 1 << 40, Time: 5})
			want := AppendFrame(bytes.Clone(opening), &f)
			memory, begin := Whole(opening, &f, w)
			if got := memory[begin:]; !bytes.Equal(got, want) {
				t.Errorf("kind %d, %d bytes of metadata: got % x, want % x", f.Kind, len(f.Metadata), got, want)
			}
			if !bytes.Equal(w.Bytes(), f.Body) {
				t.Errorf("kind %d: the body changed", f.Kind)
			}
		}
	}
	for _, items := range []Items{{Count: 1}, {Before: 200, Count: 1, Waited: true}, {Before: math.MaxUint64, Count: 1}} {
		for _, w := range []*codec.Writer{&roomy, &cramped} {
			opening := AppendFrame(AppendMessageHeader(nil), &Frame{Kind: KindInstance, Body: []byte("i1"), Abilities: 7})
			items.Data = w.Bytes()
			want := AppendFrame(bytes.Clone(opening), &Frame{Kind: KindItems, Seq: 1 << 60, Body: AppendItems(nil, items)})
			memory, begin := WholeItems(opening, 1<<60, items, w)
			if got := memory[begin:]; !bytes.Equal(got, want) {
				t.Errorf("an item behind %d: got % x, want % x", items.Before, got, want)
			}
		}
	}
}

// allocations returns how often f allocates. What else runs in the process can only add
// to a count, so the least of several is it.
func allocations(runs int, f func()) float64 {
	least := testing.AllocsPerRun(runs, f)
	for try := 0; try < 10 && least > 0; try++ {
		least = min(least, testing.AllocsPerRun(runs, f))
	}
	return least
}

func TestReadingFramesAllocatesNothing(t *testing.T) {
	payload := AppendMessageHeader(nil)
	for seq := range uint64(30) {
		payload = AppendFrame(payload, &Frame{Kind: KindCall, Seq: seq, Time: 1000, Body: []byte{0x90}})
	}
	running := Frame{Kind: KindRunning}
	for seq := range uint64(MaxRunning) {
		running.Body = AppendNumber(running.Body, math.MaxUint64-seq)
	}
	payload = AppendFrame(payload, &running)
	allocs := allocations(100, func() {
		frames, err := ReadMessage(payload)
		numbers := 0
		for err == nil && frames.More() {
			var f Frame
			err = frames.Next(&f)
			if f.Kind == KindRunning {
				for range Numbers(f.Body) {
					numbers++
				}
			}
		}
		if err != nil || numbers != MaxRunning {
			t.Errorf("read %d numbers, %v; want %d, nil", numbers, err, MaxRunning)
		}
	})
	if allocs != 0 {
		t.Errorf("reading 31 frames allocates %v times, want 0", allocs)
	}
}

func TestAFramesSizeIsNeverAboveItsBound(t *testing.T) {
	for _, n := range []int{0, 1, 31, 32, 255, 256, 65535, 65536} {
		f := Frame{Kind: KindCall, Seq: 1<<64 - 1, Time: 1<<64 - 1, Metadata: msgpack.AppendStringMap(nil, map[string]string{"k": "v"}), Body: make([]byte, n), Method: strings.Repeat("m", MaxName)}
		if got := len(AppendFrame(nil, &f)); got > f.Size() {
			t.Errorf("a body of %d bytes makes a frame of %d, above its bound %d", n, got, f.Size())
		}
	}
}

func TestErrorsCrossTheWireWhole(t *testing.T) {
	want := &helium.Error{
		Code: helium.CodeNotFound, Reason: "shop.no_such_item", Message: "no item 7",
		Details: map[string]string{"item": "7"}, Outcome: helium.Executed, Instance: "i1",
	}
	got, err := ReadError(AppendError(nil, want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, %v; want %+v, nil", got, err, want)
	}
	if !errors.Is(got, helium.NewError(helium.CodeNotFound, "shop.no_such_item", "any text")) {
		t.Error("the error isn't recognised by its code and reason")
	}
}

func TestAnErrorOfAnUnknownCodeOrOutcomeStaysAnError(t *testing.T) {
	b := msgpack.AppendArrayHeader(nil, 7) // one element more than this version knows
	b = msgpack.AppendUint(b, 99)
	b = msgpack.AppendString(b, "new.reason")
	b = msgpack.AppendString(b, "from a newer version")
	b = msgpack.AppendNil(b)
	b = msgpack.AppendUint(b, 9)
	b = msgpack.AppendString(b, "i1")
	b = msgpack.AppendString(b, "more")
	got, err := ReadError(b)
	if err != nil || got.Code != helium.CodeUnknown || got.Outcome != helium.Unknown || got.Reason != "new.reason" {
		t.Errorf("read %+v, %v; want unknown code and outcome, reason new.reason", got, err)
	}
}

func TestAnErrorThatIsNotOneIsRefused(t *testing.T) {
	whole := AppendError(nil, &helium.Error{Code: helium.CodeInternal, Reason: "a.b", Message: "c", Details: map[string]string{"d": "e"}, Instance: "f"})
	for n := range whole {
		if e, err := ReadError(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes read as %+v", n, len(whole), e)
		}
	}
	for _, body := range [][]byte{{0x90}, {0x96, 0xc0}, {0x80}, nil, {0xdd, 0xff, 0xff, 0xff, 0xff}} {
		if e, err := ReadError(body); err == nil {
			t.Errorf("%x read as %+v", body, e)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	for _, v := range readVectors(f).Messages {
		f.Add(unhex(f, v.Hex))
	}
	for _, v := range readVectors(f).Refused {
		f.Add(unhex(f, v.Hex))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		frames, err := readAll(payload)
		for i := range frames {
			if frames[i].Kind == KindError {
				_, _ = ReadError(frames[i].Body)
			}
		}
		if err != nil {
			return
		}
		// What can be read can be written, and reads the same.
		written := AppendMessageHeader(nil)
		var known []Frame
		for _, frame := range frames {
			switch frame.Kind {
			case KindCall, KindReply, KindError, KindNotify, KindCancel, KindRunning:
				known = append(known, frame)
				written = AppendFrame(written, &frame)
			}
		}
		again, err := readAll(written)
		if err != nil || len(again) != len(known) {
			t.Fatalf("%x was written again as %x: %v", payload, written, err)
		}
		for i := range again {
			if !bytes.Equal(again[i].Body, known[i].Body) || again[i].Seq != known[i].Seq || again[i].Method != known[i].Method {
				t.Errorf("frame %d = %+v, want %+v", i, again[i], known[i])
			}
		}
	})
}

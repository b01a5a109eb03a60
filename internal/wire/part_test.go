package wire

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/helium-rpc/helium/internal/vectors"
)

// partVectors is testdata/vectors/item_parts.json.
type partVectors struct {
	About  string
	Frames []struct {
		Name, Hex                         string
		Kind, Seq, Before, Length, Offset vectors.Number
		Data                              string
		Last, Waited                      bool
		OnlyRead                          bool `json:"only_read"`
	}
	Refused []struct {
		Name, Hex string
		Whole     bool // the message, not what the frame says
	}
}

func readPartVectors(t testing.TB) partVectors {
	t.Helper()
	var file partVectors
	vectors.Read(t, "../../testdata/vectors/item_parts.json", &file)
	if len(file.Frames) < 7 || len(file.Refused) < 14 {
		t.Fatalf("%d frames, %d refused; the vectors are incomplete", len(file.Frames), len(file.Refused))
	}
	return file
}

func TestPartsOfItemsAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	for _, v := range readPartVectors(t).Frames {
		message := unhex(t, v.Hex)
		frames, err := readAll(message)
		if err != nil || len(frames) != 1 || frames[0].Kind != KindItemPart || frames[0].Seq != uint64(v.Seq) {
			t.Errorf("%s: read %.100v, %v; want one frame of kind 15 and number %d", v.Name, frames, err, v.Seq)
			continue
		}
		got, err := ReadPart(frames[0].Body)
		want := Part{Before: uint64(v.Before), Length: uint64(v.Length), Offset: uint64(v.Offset), Data: unhex(t, v.Data), Waited: v.Waited}
		if err != nil || !reflect.DeepEqual(got, want) || got.IsLast() != v.Last {
			t.Errorf("%s: read %.100v, %v, the last: %t; want %.100v, nil, %t", v.Name, got, err, got.IsLast(), want, v.Last)
		}
		if v.OnlyRead {
			continue
		}
		written := AppendPartFrame(AppendMessageHeader(nil), uint64(v.Seq), got)
		again := AppendFrame(AppendMessageHeader(nil), &Frame{Kind: KindItemPart, Seq: uint64(v.Seq), Body: AppendPart(nil, got)})
		if !bytes.Equal(written, message) || !bytes.Equal(again, message) {
			t.Errorf("%s: written %.100x and %.100x, want %.100x", v.Name, written, again, message)
		}
		if most := AboutSize + len(message); most > PartOverhead+len(got.Data) {
			t.Errorf("%s: behind a frame about its sender the message has %d bytes, want at most %d", v.Name, most, PartOverhead+len(got.Data))
		}
	}
}

func TestPartsOfItemsThatBreakTheProtocolAreRefused(t *testing.T) {
	for _, v := range readPartVectors(t).Refused {
		frames, err := readAll(unhex(t, v.Hex))
		if (err != nil) != v.Whole {
			t.Errorf("%s: the message is read with %v, want an error: %t", v.Name, err, v.Whole)
		}
		if err == nil {
			if got, err := ReadPart(frames[0].Body); err == nil {
				t.Errorf("%s: read %+v, want an error", v.Name, got)
			}
		}
	}
}

func FuzzPartsOfStrangersDoNoHarm(f *testing.F) {
	file := readPartVectors(f)
	for _, v := range file.Frames {
		if len(v.Data) < 100 {
			f.Add(unhex(f, v.Hex))
		}
	}
	for _, v := range file.Refused {
		f.Add(unhex(f, v.Hex))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		frames, err := readAll(payload)
		if err != nil {
			return
		}
		for _, frame := range frames {
			if frame.Kind != KindItemPart {
				continue
			}
			got, err := ReadPart(frame.Body)
			if err != nil {
				continue
			}
			if end := got.Offset + uint64(len(got.Data)); len(got.Data) == 0 || end < got.Offset || end > got.Length {
				t.Errorf("%x has a part of %d bytes at %d, of %d", payload, len(got.Data), got.Offset, got.Length)
			}
			// What can be read can be written, and reads the same.
			again, err := readAll(AppendPartFrame(AppendMessageHeader(nil), frame.Seq, got))
			if err != nil || len(again) != 1 || again[0].Seq != frame.Seq {
				t.Fatalf("%+v was written as %v, %v; want one frame", got, again, err)
			}
			if twice, err := ReadPart(again[0].Body); err != nil || !reflect.DeepEqual(twice, got) {
				t.Errorf("written and read again: %+v, %v; want %+v", twice, err, got)
			}
		}
	})
}

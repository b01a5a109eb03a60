package wire

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"github.com/helium-rpc/helium/internal/vectors"
)

// chunkVectors is testdata/vectors/chunks.json.
type chunkVectors struct {
	About   string
	Frames  []chunkVector
	Refused []struct{ Name, Hex string }

	RefusedExtents []struct{ Name, Hex string } `json:"refused_extents"`
	Checksums      []struct{ Hex, Checksum string }
}

type chunkVector struct {
	Name, Hex       string
	OnlyRead        bool `json:"only_read"`
	Kind, Seq, Time vectors.Number
	Metadata, Body  string // hex
	Method          string
	Length          vectors.Number
	Checksum        string // hex; "": the frame has no extent
}

func readChunkVectors(t testing.TB) chunkVectors {
	t.Helper()
	var file chunkVectors
	vectors.Read(t, "../../testdata/vectors/chunks.json", &file)
	if len(file.Frames) < 9 || len(file.Refused) < 8 || len(file.RefusedExtents) < 6 || len(file.Checksums) < 4 {
		t.Fatalf("%d frames, %d refused, %d refused extents, %d checksums; the vectors are incomplete", len(file.Frames), len(file.Refused), len(file.RefusedExtents), len(file.Checksums))
	}
	return file
}

func TestFramesOfChunksAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	for _, v := range readChunkVectors(t).Frames {
		want := Frame{Kind: Kind(v.Kind), Seq: uint64(v.Seq), Time: uint64(v.Time), Method: v.Method}
		if v.Metadata != "" {
			want.Metadata = unhex(t, v.Metadata)
		}
		if v.Body != "" {
			want.Body = unhex(t, v.Body)
		}
		message := append(AppendMessageHeader(nil), unhex(t, v.Hex)...)
		if got := AppendFrame(AppendMessageHeader(nil), &want); !v.OnlyRead && !bytes.Equal(got, message) {
			t.Errorf("%s: written %x, want %x", v.Name, got, message)
		}
		got, err := readAll(message)
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s: read %+v, %v; want %+v", v.Name, got, err, want)
			continue
		}
		if v.Checksum == "" {
			continue
		}
		extent, err := ReadExtent(got[0].Body)
		if sum := fmt.Sprintf("%08x", extent.Checksum); err != nil || extent.Length != uint64(v.Length) || sum != v.Checksum {
			t.Errorf("%s: the extent is %d, %s, %v; want %d, %s", v.Name, extent.Length, sum, err, v.Length, v.Checksum)
		}
		if written := AppendExtent(nil, extent); !v.OnlyRead && !bytes.Equal(written, got[0].Body) {
			t.Errorf("%s: the extent is written %x, want %x", v.Name, written, got[0].Body)
		}
	}
}

func TestFramesOfChunksThatBreakTheProtocolAreRefused(t *testing.T) {
	file := readChunkVectors(t)
	for _, v := range file.Refused {
		if got, err := readAll(append(AppendMessageHeader(nil), unhex(t, v.Hex)...)); err == nil {
			t.Errorf("%s: read %+v, want an error", v.Name, got)
		}
	}
	for _, v := range file.RefusedExtents {
		if got, err := ReadExtent(unhex(t, v.Hex)); err == nil {
			t.Errorf("%s: read %+v, want an error", v.Name, got)
		}
	}
}

func TestTheChecksumOfAValueIsThatOfItsPartsInTurn(t *testing.T) {
	for _, v := range readChunkVectors(t).Checksums {
		value := unhex(t, v.Hex)
		got := ExtentOf(value)
		if sum := fmt.Sprintf("%08x", got.Checksum); sum != v.Checksum || got.Length != uint64(len(value)) {
			t.Errorf("%.20x: extent %d, %s; want %d, %s", value, got.Length, sum, len(value), v.Checksum)
		}
		half := len(value) / 2
		if sum := UpdateChecksum(UpdateChecksum(0, value[:half]), value[half:]); sum != got.Checksum {
			t.Errorf("%.20x: in two parts %08x, want %08x", value, sum, got.Checksum)
		}
	}
}

func FuzzChunksOfStrangersDoNoHarm(f *testing.F) {
	file := readChunkVectors(f)
	for _, v := range file.Frames {
		f.Add(append(AppendMessageHeader(nil), unhex(f, v.Hex)...))
	}
	for _, v := range file.Refused {
		f.Add(append(AppendMessageHeader(nil), unhex(f, v.Hex)...))
	}
	for _, v := range file.RefusedExtents {
		f.Add(AppendFrame(AppendMessageHeader(nil), &Frame{Kind: KindLargeReply, Seq: 1, Body: unhex(f, v.Hex)}))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		frames, err := readAll(payload)
		if err != nil {
			return
		}
		for _, frame := range frames {
			switch frame.Kind {
			case KindLargeCall, KindLargeReply:
				if extent, err := ReadExtent(frame.Body); err == nil {
					if again, err := ReadExtent(AppendExtent(nil, extent)); again != extent || err != nil {
						t.Errorf("%x: the extent %+v is read again as %+v, %v", payload, extent, again, err)
					}
				}
			case KindChunk, KindChunkCredit:
			default:
				continue
			}
			// What can be read can be written, and reads the same.
			written := AppendFrame(AppendMessageHeader(nil), &frame)
			if again, err := readAll(written); err != nil || len(again) != 1 || !reflect.DeepEqual(again[0], frame) {
				t.Errorf("%x was written again as %x, which is %+v, %v; want %+v", payload, written, again, err, frame)
			}
		}
	})
}

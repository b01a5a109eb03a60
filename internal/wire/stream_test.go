package wire

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/helium-rpc/helium/internal/vectors"
)

// streamVectors are testdata/vectors/streams.json and large_streams.json, which have their frames alike.
type streamVectors struct {
	About   string
	Frames  []streamVector
	Refused []struct {
		Name, Hex string
		Whole     bool // the message, not what the frame says
	}
}

type streamVector struct {
	Name, Hex           string
	Kind, Seq, Time     vectors.Number
	Metadata, Body      string
	Lasts, Bytes, Items vectors.Number
	Before, Count       vectors.Number
	Data                string
	Waited              bool
	Length              vectors.Number
	Checksum            string // hex
	Error               *vectors.Error
	OnlyRead            bool `json:"only_read"`
}

func readStreamVectors(t testing.TB) streamVectors {
	t.Helper()
	var file, large streamVectors
	vectors.Read(t, "../../testdata/vectors/streams.json", &file)
	vectors.Read(t, "../../testdata/vectors/large_streams.json", &large)
	if len(file.Frames) < 10 || len(file.Refused) < 10 || len(large.Frames) < 3 || len(large.Refused) < 5 {
		t.Fatalf("%d and %d frames, %d and %d refused; the vectors are incomplete", len(file.Frames), len(large.Frames), len(file.Refused), len(large.Refused))
	}
	file.Frames, file.Refused = append(file.Frames, large.Frames...), append(file.Refused, large.Refused...)
	return file
}

// said is what a frame of a stream says.
type said struct {
	terms  *Terms
	args   Extent
	items  Items
	end    ItemsEnd
	credit Credit
}

// says reads what a frame says.
func says(f *Frame) (s said, err error) {
	switch f.Kind {
	case KindStream:
		s.terms = f.Terms
	case KindLargeStream:
		s.terms = f.Terms
		s.args, err = ReadExtent(f.Body)
	case KindItems:
		s.items, err = ReadItems(f.Body)
	case KindItemsEnd:
		s.end, err = ReadItemsEnd(f.Body)
	case KindCredit:
		s.credit, err = ReadCredit(f.Body)
	}
	return s, err
}

// write returns the message of a frame that says so.
func (s said) write(f Frame) []byte {
	switch f.Kind {
	case KindLargeStream:
		f.Body = AppendExtent(nil, s.args)
	case KindItems:
		f.Body = AppendItems(nil, s.items)
	case KindItemsEnd:
		f.Body = AppendItemsEnd(nil, s.end)
	case KindCredit:
		f.Body = AppendCredit(nil, s.credit)
	}
	return AppendFrame(AppendMessageHeader(nil), &f)
}

func TestFramesOfStreamsAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	for _, v := range readStreamVectors(t).Frames {
		t.Run(v.Name, func(t *testing.T) {
			f := only(t, v.Hex)
			got, err := says(&f)
			if err != nil || f.Kind != Kind(v.Kind) || f.Seq != uint64(v.Seq) || f.Time != uint64(v.Time) {
				t.Fatalf("read kind %d of %d, time %d, %v; want %d of %d, %d, nil", f.Kind, f.Seq, f.Time, err, v.Kind, v.Seq, v.Time)
			}
			var want said
			switch f.Kind {
			case KindStream, KindLargeStream:
				if f.Kind == KindLargeStream {
					want.args = Extent{uint64(v.Length), binary.BigEndian.Uint32(unhex(t, v.Checksum))}
				}
				want.terms = &Terms{Lasts: uint64(v.Lasts), Credit: Credit{uint64(v.Bytes), uint64(v.Items)}}
				if !bytes.Equal(f.Body, unhex(t, v.Body)) || !bytes.Equal(f.Metadata, unhex(t, v.Metadata)) {
					t.Errorf("read arguments %x and metadata %x, want %s and %s", f.Body, f.Metadata, v.Body, v.Metadata)
				}
			case KindItems:
				want.items = Items{Before: uint64(v.Before), Count: uint64(v.Count), Data: unhex(t, v.Data), Waited: v.Waited}
			case KindItemsEnd:
				want.end.Count = uint64(v.Count)
				if (got.end.Err != nil) != (v.Error != nil) || v.Error != nil && !sameError(got.end.Err, v.Error) {
					t.Errorf("read the error %+v, want %+v", got.end.Err, v.Error)
				}
				want.end.Err = got.end.Err
			case KindCredit:
				want.credit = Credit{uint64(v.Bytes), uint64(v.Items)}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("read %+v, want %+v", got, want)
			}
			if written := want.write(f); !v.OnlyRead && !bytes.Equal(written, unhex(t, v.Hex)) {
				t.Errorf("written %x, want %s", written, v.Hex)
			}
			if size := f.Size(); size < len(unhex(t, v.Hex))-HeaderSize {
				t.Errorf("its size is said to be %d at most, and it is written in %d", size, len(unhex(t, v.Hex))-HeaderSize)
			}
		})
	}
}

func TestFramesOfStreamsThatBreakTheProtocolAreRefused(t *testing.T) {
	for _, v := range readStreamVectors(t).Refused {
		frames, err := readAll(unhex(t, v.Hex))
		if (err != nil) != v.Whole {
			t.Errorf("%s: the message is read with %v, want an error: %t", v.Name, err, v.Whole)
		}
		if err == nil {
			if _, err = says(&frames[0]); err == nil {
				t.Errorf("%s: it was read, want an error", v.Name)
			}
		}
	}
}

func FuzzStreamsOfStrangersDoNoHarm(f *testing.F) {
	file := readStreamVectors(f)
	for _, v := range file.Frames {
		f.Add(unhex(f, v.Hex))
	}
	for _, v := range file.Refused {
		f.Add(unhex(f, v.Hex))
	}
	f.Add(unhex(f, "c1 01 96 14 07 03 00 cd0400 10")) // an account
	f.Fuzz(func(t *testing.T, payload []byte) {
		frames, err := readAll(payload)
		if err != nil {
			return
		}
		for _, frame := range frames {
			if frame.Kind == KindAccount {
				if got, err := ReadAccount(frame.Body); err == nil {
					if again, err := ReadAccount(AppendAccount(nil, got)); again != got || err != nil {
						t.Errorf("an account that is written anew is %v, %v; want %v", again, err, got)
					}
				}
				continue
			}
			got, err := says(&frame)
			if err != nil {
				continue
			}
			if got.items.Count > uint64(len(got.items.Data)) {
				t.Errorf("%x claims %d items in %d bytes", payload, got.items.Count, len(got.items.Data))
			}
			if (frame.Kind < KindStream || frame.Kind > KindCredit) && frame.Kind != KindLargeStream {
				continue
			}
			// What can be read can be written, and reads the same.
			again, err := readAll(got.write(frame))
			if err != nil || len(again) != 1 {
				t.Fatalf("%+v was written as %d frames, %v; want one", got, len(again), err)
			}
			if twice, err := says(&again[0]); err != nil || !reflect.DeepEqual(twice, got) {
				t.Errorf("written and read again: %+v, %v; want %+v", twice, err, got)
			}
		}
	})
}

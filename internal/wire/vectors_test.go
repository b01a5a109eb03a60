package wire

import (
	"bytes"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/vectors"
)

// vectorFile is testdata/vectors/messages.json.
type vectorFile struct {
	About         string
	Messages      []messageVector
	Refused       []refusedVector
	Errors        []errorVector
	RefusedErrors []refusedVector `json:"refused_errors"`
}

type messageVector struct {
	Name, Hex string
	Frames    []frameVector
	// OnlyRead marks what this version reads but never writes.
	OnlyRead bool `json:"only_read"`
}

type frameVector struct {
	Kind, Seq, Time vectors.Number
	Abilities       vectors.Number
	Metadata, Body  string // hex
	Method          string
	Repeat          int // so many of them; 0: one

	Fields      map[string]string // what the metadata say
	Error       *vectors.Error    // what the body says
	BadMetadata bool              `json:"bad_metadata"` // they say nothing
	BadError    bool              `json:"bad_error"`    // it says nothing
}

type refusedVector struct {
	Name, Hex string
	Error     string // part of Go's text
}

type errorVector struct {
	Name, Hex string
	Error     vectors.Error
	OnlyRead  bool `json:"only_read"`
}

func readVectors(t testing.TB) vectorFile {
	t.Helper()
	var file vectorFile
	vectors.Read(t, "../../testdata/vectors/messages.json", &file)
	if len(file.Messages) < 30 || len(file.Refused) < 30 || len(file.Errors) < 20 || len(file.RefusedErrors) < 10 {
		t.Fatalf("%d messages, %d refused, %d errors, %d refused errors; the vectors are incomplete", len(file.Messages), len(file.Refused), len(file.Errors), len(file.RefusedErrors))
	}
	return file
}

func unhex(t testing.TB, text string) []byte { return vectors.Hex(t, text) }

// frames returns the frames of a message.
func (v messageVector) frames(t testing.TB) (frames []Frame) {
	for _, fv := range v.Frames {
		f := Frame{Kind: Kind(fv.Kind), Seq: uint64(fv.Seq), Time: uint64(fv.Time), Method: fv.Method, Abilities: Abilities(fv.Abilities)}
		if fv.Metadata != "" {
			f.Metadata = unhex(t, fv.Metadata)
		}
		if f.Kind >= KindCall && f.Kind < KindCancel || f.Kind == KindInstance || f.Kind == KindRunning {
			f.Body = append([]byte{}, unhex(t, fv.Body)...)
		}
		for range max(fv.Repeat, 1) {
			frames = append(frames, f)
		}
	}
	return frames
}

// readAll reads a message whole.
func readAll(payload []byte) (all []Frame, err error) {
	frames, err := ReadMessage(payload)
	for err == nil && frames.More() {
		var f Frame
		if err = frames.Next(&f); err == nil {
			all = append(all, f)
		}
	}
	return all, err
}

func TestMessagesAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	for _, v := range readVectors(t).Messages {
		t.Run(v.Name, func(t *testing.T) {
			payload, want := unhex(t, v.Hex), v.frames(t)
			written := AppendMessageHeader(nil)
			for i := range want {
				written = AppendFrame(written, &want[i])
			}
			if !v.OnlyRead && !bytes.Equal(written, payload) {
				t.Errorf("written %.200x, want %.200x", written, payload)
			}
			got, err := readAll(payload)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("read %+v, %v; want %+v, nil", got, err, want)
			}
			if len(got) == len(v.Frames) {
				for i, fv := range v.Frames {
					checkContent(t, &got[i], fv)
				}
			}
		})
	}
}

// checkContent checks what is in a frame's metadata and in its error.
func checkContent(t *testing.T, f *Frame, v frameVector) {
	t.Helper()
	if f.Metadata != nil {
		r := msgpack.NewReader(f.Metadata)
		got, err := r.TextMap(256)
		if (err != nil) != v.BadMetadata || !maps.Equal(got, v.Fields) {
			t.Errorf("the metadata are %v, %v; want %v, bad: %t", got, err, v.Fields, v.BadMetadata)
		}
	}
	if f.Kind == KindError {
		got, err := ReadError(f.Body)
		if (err != nil) != v.BadError {
			t.Errorf("the error is %v, %v; want it bad: %t", got, err, v.BadError)
		} else if err == nil && !sameError(got, v.Error) {
			t.Errorf("the error is %+v, want %+v", got, v.Error)
		}
	}
}

func sameError(got *helium.Error, want *vectors.Error) bool {
	return want != nil && got.Code.String() == want.Code && got.Reason == *want.Reason && got.Message == *want.Message &&
		maps.Equal(got.Details, want.Details) && got.Outcome.String() == want.Outcome && got.Instance == *want.Instance
}

func TestMessagesThatBreakTheProtocolAreRefused(t *testing.T) {
	for _, v := range readVectors(t).Refused {
		t.Run(v.Name, func(t *testing.T) {
			_, err := readAll(unhex(t, v.Hex))
			if err == nil || !strings.Contains(err.Error(), v.Error) {
				t.Errorf("error = %v, want one that says %q", err, v.Error)
			}
		})
	}
}

func TestErrorsAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	file := readVectors(t)
	for _, v := range file.Errors {
		body := unhex(t, v.Hex)
		got, err := ReadError(body)
		if err != nil || !sameError(got, &v.Error) {
			t.Errorf("%s: read %+v, %v; want %+v", v.Name, got, err, v.Error)
		} else if written := AppendError(nil, got); !v.OnlyRead && !bytes.Equal(written, body) {
			t.Errorf("%s: written %x, want %x", v.Name, written, body)
		}
	}
	for _, v := range file.RefusedErrors {
		if got, err := ReadError(unhex(t, v.Hex)); err == nil {
			t.Errorf("%s: read %+v, want an error", v.Name, got)
		}
	}
}

package direct

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/helium-rpc/helium/internal/vectors"
	"github.com/helium-rpc/helium/internal/wire"
)

// directFile is testdata/vectors/direct.json.
type directFile struct {
	About    string
	Openings []struct {
		Name, ID, Secret           string
		Client, Server             string // nonces
		ClientKey                  string `json:"client_key"`
		ServerKey                  string `json:"server_key"`
		Hello, Challenge, Response string // what is written
		Session                    string
		Further                    []struct{ ID, Secret, Proof string }
	}
	Frames []struct {
		Name, Hex       string
		Kind            int
		Service         int
		Token           vectors.Number
		Method, Message string // the message in hex
		ID, Proof       string
		OnlyRead        bool `json:"only_read"`
	}
	Refused []struct{ Name, Hex string }
}

func readVectors(t testing.TB) (file directFile) {
	t.Helper()
	vectors.Read(t, "../../testdata/vectors/direct.json", &file)
	if len(file.Openings) < 1 || len(file.Frames) < 12 || len(file.Refused) < 10 {
		t.Fatalf("%d openings, %d frames, %d refused ones; the vectors are incomplete", len(file.Openings), len(file.Frames), len(file.Refused))
	}
	return file
}

func TestConnectionsOpenAsTheVectorsSay(t *testing.T) {
	for _, v := range readVectors(t).Openings {
		var tr transcript
		var secret wire.Secret
		copy(tr.id[:], vectors.Hex(t, v.ID))
		copy(secret[:], vectors.Hex(t, v.Secret))
		copy(tr.client[:], vectors.Hex(t, v.Client))
		copy(tr.server[:], vectors.Hex(t, v.Server))
		copy(tr.clientKey[:], vectors.Hex(t, v.ClientKey))
		copy(tr.serverKey[:], vectors.Hex(t, v.ServerKey))
		byServer, byClient, session := tr.prove(&secret, byServer), tr.prove(&secret, byClient), tr.session(&secret)
		for what, is := range map[string]struct {
			got  []byte
			want string
		}{
			"hello":     {bytes.Join([][]byte{magic[:], tr.id[:], tr.client[:]}, nil), v.Hello},
			"challenge": {bytes.Join([][]byte{tr.server[:], byServer[:]}, nil), v.Challenge},
			"response":  {byClient[:], v.Response},
			"session":   {session[:], v.Session},
		} {
			if !bytes.Equal(is.got, vectors.Hex(t, is.want)) {
				t.Errorf("%s: the %s is %x, want %s", v.Name, what, is.got, is.want)
			}
		}
		for _, f := range v.Further {
			var id wire.TicketID
			copy(id[:], vectors.Hex(t, f.ID))
			copy(secret[:], vectors.Hex(t, f.Secret))
			if got := session.prove(&id, &secret); !got.is(vectors.Hex(t, f.Proof)) {
				t.Errorf("%s: the proof of a further ticket is %x, want %s", v.Name, got, f.Proof)
			}
		}
	}
}

// frameOf reads one frame of some bytes.
func frameOf(b []byte) (f frame, rest int, err error) {
	r := reader{from: bytes.NewReader(b)}
	err = r.next(&f)
	return f, r.end - r.begin, err
}

func TestFramesAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	for _, v := range readVectors(t).Frames {
		want := frame{kind: kind(v.Kind), service: uint16(v.Service), token: uint64(v.Token)}
		if v.Method != "" {
			want.method = []byte(v.Method)
		}
		copy(want.id[:], vectors.Hex(t, v.ID))
		copy(want.proof[:], vectors.Hex(t, v.Proof))
		message := vectors.Hex(t, v.Message)
		written := append(appendFrame(nil, &want, len(message)), message...)
		if !v.OnlyRead && !bytes.Equal(written, vectors.Hex(t, v.Hex)) {
			t.Errorf("%s: written %x, want %s", v.Name, written, v.Hex)
		}
		got, _, err := frameOf(vectors.Hex(t, v.Hex))
		if !bytes.Equal(got.message, message) || !bytes.Equal(got.method, want.method) {
			t.Errorf("%s: the message is %x and the method %q, want %s and %q", v.Name, got.message, got.method, v.Message, v.Method)
		}
		got.message, got.method, want.method = nil, nil, nil
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read %+v, %v; want %+v", v.Name, got, err, want)
		}
	}
	for _, v := range readVectors(t).Refused {
		if got, _, err := frameOf(vectors.Hex(t, v.Hex)); err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: read %+v, %v; want it refused", v.Name, got, err)
		}
	}
}

func TestNothingOfAFrameIsLeftInTheNextOne(t *testing.T) {
	var all []byte
	known := readVectors(t).Frames
	for _, v := range known {
		all = append(all, vectors.Hex(t, v.Hex)...)
	}
	r := reader{from: bytes.NewReader(all)}
	got := frame{kind: 99, service: 99, token: 99, method: []byte("x"), id: wire.TicketID{99}, proof: proof{99}, message: []byte("x")}
	for _, v := range known {
		want, _, err := frameOf(vectors.Hex(t, v.Hex))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.next(&got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read behind another frame it is %+v, %v; want %+v as alone", v.Name, got, err, want)
		}
	}
}

// someFrames returns frames with messages of many sizes, and all of them written.
func someFrames() (sizes []int, stream []byte) {
	for range 300 {
		n := rand.IntN(1 << rand.IntN(18))
		sizes = append(sizes, n)
		stream = append(appendFrame(stream, &frame{kind: kindCalls, service: 3, token: uint64(n), method: []byte("add")}, n), bytes.Repeat([]byte{byte(n)}, n)...)
		stream = appendFrame(stream, &frame{kind: kindPing, token: uint64(n)}, 0)
	}
	return sizes, stream
}

// pieces reads so much at once at most.
type pieces struct {
	from io.Reader
	most int
}

func (p pieces) Read(b []byte) (int, error) { return p.from.Read(b[:min(len(b), p.most)]) }

func TestFramesAreReadHoweverTheyCome(t *testing.T) {
	sizes, stream := someFrames()
	for name, from := range map[string]io.Reader{
		"at once":        bytes.NewReader(stream),
		"in halves":      iotest.HalfReader(bytes.NewReader(stream)),
		"by 7 bytes":     pieces{bytes.NewReader(stream), 7},
		"by 1,500 bytes": pieces{bytes.NewReader(stream), 1500},
		"the end with":   iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		r := reader{from: from}
		var messages [][]byte
		for i, n := range sizes {
			var f, ping frame
			if err := r.next(&f); err != nil {
				t.Fatalf("%s: frame %d: %v", name, i, err)
			}
			if err := r.next(&ping); err != nil || ping.kind != kindPing || ping.token != uint64(n) {
				t.Fatalf("%s: after frame %d: kind %d, %d, %v; want a ping", name, i, ping.kind, ping.token, err)
			}
			if f.kind != kindCalls || string(f.method) != "add" || len(f.message) != n {
				t.Fatalf("%s: frame %d: kind %d, method %q, %d bytes; want %d", name, i, f.kind, f.method, len(f.message), n)
			}
			messages = append(messages, f.message)
		}
		var f frame
		if err := r.next(&f); err == nil {
			t.Errorf("%s: a frame behind the last, want an error", name)
		}
		for i, m := range messages { // which stay as they were
			if !bytes.Equal(m, bytes.Repeat([]byte{byte(len(m))}, len(m))) {
				t.Errorf("%s: message %d has changed since it was read", name, i)
			}
		}
	}
}

func TestALengthIsAClaimThatCostsNothing(t *testing.T) {
	b := binary.BigEndian.AppendUint32(nil, maxMessage)
	b = append(b, byte(kindCalls), 0, 1)
	allocated := testing.Benchmark(func(bench *testing.B) {
		for range bench.N {
			if _, _, err := frameOf(b); err == nil {
				bench.Fatal("a frame was read that hasn't come")
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 2*firstPart {
		t.Errorf("a frame that says it has %d bytes, of which 3 come, takes %d; want %d at most", maxMessage, allocated, 2*firstPart)
	}
}

func TestReadingSmallFramesAllocatesLittle(t *testing.T) {
	var stream []byte
	for range 1000 {
		stream = append(appendFrame(stream, &frame{kind: kindAnswers, token: 7}, 50), make([]byte, 50)...)
	}
	allocs := testing.AllocsPerRun(10, func() {
		r := reader{from: pieces{bytes.NewReader(stream), 200}}
		var f frame
		for r.next(&f) == nil {
		}
	})
	if allocs > 30 {
		t.Errorf("reading 1,000 frames allocates %v times, want less than 30", allocs)
	}
}

func FuzzFramesOfStrangersDoNoHarm(f *testing.F) {
	for _, v := range readVectors(f).Frames {
		f.Add(vectors.Hex(f, v.Hex), uint8(0))
	}
	for _, v := range readVectors(f).Refused {
		f.Add(vectors.Hex(f, v.Hex), uint8(3))
	}
	f.Fuzz(func(t *testing.T, stream []byte, most uint8) {
		whole, parts := reader{from: bytes.NewReader(stream)}, reader{from: pieces{bytes.NewReader(stream), int(most) + 1}}
		for range 1000 {
			var a, b frame
			one, other := whole.next(&a), parts.next(&b)
			if (one == nil) != (other == nil) || one == nil && !reflect.DeepEqual(a, b) {
				t.Fatalf("read at once %+v, %v; in parts %+v, %v", a, one, b, other)
			}
			if one != nil {
				return
			}
			if len(a.message) > len(stream) || len(a.method) > 255 {
				t.Fatalf("a message of %d bytes in %d", len(a.message), len(stream))
			}
		}
	})
}

func FuzzOpeningsOfStrangersDoNoHarm(f *testing.F) {
	f.Add([]byte(strings.Repeat("x", helloSize)))
	f.Add(append(bytes.Clone(magic[:]), make([]byte, helloSize)...))
	f.Fuzz(func(t *testing.T, stream []byte) {
		var given tickets
		ours, theirs := pipe()
		_, _ = ours.Write(stream)
		ours.(*pipeEnd).writes.end(io.EOF)
		if g, _, _, err := accept(theirs, &given, nil, wire.Fingerprint{}, false); err == nil {
			t.Fatalf("%x opens a connection for %+v", stream, g)
		}
	})
}

package wire

import (
	"errors"
	"fmt"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// FrameReader steps over the frames of one message.
type FrameReader struct{ r msgpack.Reader }

// ReadMessage checks a message's two header bytes. Reading allocates nothing
// but the strings it hands out, and nothing in the message can make it panic.
func ReadMessage(payload []byte) (FrameReader, error) {
	if !IsMessage(payload) {
		return FrameReader{}, ErrNotHelium
	}
	if len(payload) < HeaderSize {
		return FrameReader{}, errors.New("a Helium message of one byte: its version is missing")
	}
	if payload[1] != Version {
		return FrameReader{}, fmt.Errorf("a Helium message of version %d; this side speaks version %d", payload[1], Version)
	}
	return FrameReader{r: msgpack.NewReader(payload[HeaderSize:])}, nil
}

// More reports whether another frame follows.
func (fr *FrameReader) More() bool { return fr.r.Len() > 0 }

// Next reads the next frame into f. Elements beyond those known are stepped over,
// and so are frames of a kind that this version doesn't know (f.Kind tells).
func (fr *FrameReader) Next(f *Frame) error {
	*f = Frame{}
	n, err := fr.r.ArrayHeader()
	if err != nil {
		return frameError("header", err)
	}
	if n < 1 {
		return errors.New("frame: empty array; its first element is its kind")
	}
	kind, err := fr.r.Unsigned()
	if err != nil {
		return frameError("kind", err)
	}
	f.Kind = Kind(kind)
	read, err := fr.readKnown(f, n)
	if err != nil {
		return err
	}
	for ; read < n; read++ {
		if err := fr.r.Skip(); err != nil {
			return frameError("further element", err)
		}
	}
	return nil
}

// readKnown reads what is known of a frame of n elements whose kind was read, and returns how many it has read.
func (fr *FrameReader) readKnown(f *Frame, n int) (read int, err error) {
	switch f.Kind {
	case KindCall, KindNotify, KindReply, KindError, KindLargeCall, KindLargeReply:
		return fr.readCall(f, n)
	case KindCancel:
		f.Seq, f.Time, read, err = readCancel(&fr.r, n)
		return read, err
	case KindChunk:
		return fr.readChunk(f, n, 4)
	case KindChunkCredit:
		return fr.readChunk(f, n, 3)
	case KindSender, KindInstance:
		return fr.readAbout(f, n), nil
	case KindRunning:
		return fr.readRunning(f, n), nil
	case KindTicketRequest, KindTicket:
		f.Body, err = readElements(&fr.r, n-1)
		return n, err
	case KindStream, KindLargeStream:
		return fr.readStream(f, n)
	case KindItems, KindItemsEnd, KindCredit, KindItemPart, KindAccount:
		return n, fr.readNumbered(f, n)
	}
	return 1, nil
}

// readCall reads a call or an answer.
func (fr *FrameReader) readCall(f *Frame, n int) (read int, err error) {
	if n < 5 {
		return 0, tooFew(f, n, 5)
	}
	if err := fr.readBody(f); err != nil {
		return 0, err
	}
	if n == 5 || f.Kind != KindCall && f.Kind != KindNotify && f.Kind != KindLargeCall {
		return 5, nil
	}
	if f.Method, err = fr.r.Text(); err != nil {
		return 0, frameError("method", err)
	}
	if f.Method == "" {
		return 0, errors.New("frame method: it is empty; leave it out where the subject names the method")
	}
	return 6, nil
}

// readStream reads the beginning of a stream.
func (fr *FrameReader) readStream(f *Frame, n int) (read int, err error) {
	if n < 8 {
		return 0, tooFew(f, n, 8)
	}
	return 8, fr.readBody(f)
}

func tooFew(f *Frame, n, least int) error {
	return fmt.Errorf("frame of kind %d: %d elements, want at least %d", f.Kind, n, least)
}

// readChunk reads a frame about an offset in a value, of so many elements at least.
func (fr *FrameReader) readChunk(f *Frame, n, least int) (read int, err error) {
	if n < least {
		return 0, tooFew(f, n, least)
	}
	f.Seq, f.Time, f.Body, err = readChunk(&fr.r, f.Kind == KindChunk)
	return least, err
}

// readRunning reads the numbers of calls that still run. A frame with anything else is none, as in readAbout.
func (fr *FrameReader) readRunning(f *Frame, n int) (read int) {
	f.Body, read = readNumbers(&fr.r, n-1)
	if read++; read < n {
		*f = Frame{Kind: kindNothing}
	}
	return read
}

// readNumbered reads a frame of a stream under way.
func (fr *FrameReader) readNumbered(f *Frame, n int) (err error) {
	if n < 2 {
		return tooFew(f, n, 2)
	}
	if f.Seq, err = fr.r.Unsigned(); err != nil {
		return frameError("sequence number", err)
	}
	f.Body, err = readElements(&fr.r, n-2)
	return err
}

// readAbout reads a frame of n elements about a message's sender, and returns how many it has
// read. One that has other elements than these is none, as if its kind weren't known: such
// frames may be ignored, so nothing in them is a fault of the message.
func (fr *FrameReader) readAbout(f *Frame, n int) (read int) {
	r := &fr.r
	number := func(to *uint64) bool {
		v, err := r.Unsigned()
		if err == nil {
			*to = v
			read++
		}
		return err == nil
	}
	read = 1
	var abilities uint64
	ok := false
	if f.Kind == KindSender {
		ok = n >= 4 && number(&f.Seq) && number(&f.Time) && number(&abilities)
	} else if n >= 3 {
		var err error
		if f.Body, err = r.TextBytes(); err == nil {
			read++
			ok = number(&abilities)
		}
	}
	if !ok {
		*f = Frame{Kind: kindNothing}
	}
	f.Abilities = Abilities(abilities)
	return read
}

// readBody reads the four elements that calls and replies have in common, and a stream's terms.
func (fr *FrameReader) readBody(f *Frame) (err error) {
	r := &fr.r
	if f.Seq, err = r.Unsigned(); err != nil {
		return frameError("sequence number", err)
	}
	if f.Time, err = r.Unsigned(); err != nil {
		return frameError("time", err)
	}
	if !r.Nil() {
		if f.Metadata, err = r.Raw(); err != nil {
			return frameError("metadata", err)
		}
	}
	switch f.Kind {
	case KindError:
		f.Body, err = r.Raw()
	case KindStream, KindLargeStream:
		if f.Terms, err = readTerms(r); err != nil {
			return frameError("terms", err)
		}
		fallthrough
	default:
		f.Body, err = r.Binary()
	}
	if err != nil {
		return frameError("body", err)
	}
	return nil
}

// readElements returns n elements as they stand.
func readElements(r *msgpack.Reader, n int) (body []byte, err error) {
	before := *r
	for range n {
		if err := r.Skip(); err != nil {
			return nil, frameError("element", err)
		}
	}
	return before.Until(r), nil
}

func frameError(part string, err error) error { return fmt.Errorf("frame %s: %w", part, err) }

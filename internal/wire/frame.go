package wire

import (
	"errors"
	"time"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// A Helium message is the byte Magic, the byte Version, and one or more frames.
// docs/protocol.md is the same in prose; testdata/vectors ties the two.
const (
	// Magic opens every Helium message. msgpack never uses this byte, so a message
	// without it is a plain request.
	Magic = 0xC1
	// Version is the only protocol version so far.
	Version = 0x01
)

// Kind is the first element of a frame. Numbers beyond those below are for versions to
// come, however large.
type Kind uint64

const (
	// KindCall: [1, sequence, ms left, metadata, arguments (, method)]
	KindCall Kind = 1
	// KindReply: [2, sequence, handler's µs, metadata, result]
	KindReply Kind = 2
	// KindError: [3, sequence, handler's µs, metadata, error]
	KindError Kind = 3
	// KindNotify is a KindCall that wants no answer; its sequence number is 0.
	KindNotify Kind = 4
	// KindCancel: [5, sequence (, reason)], see [TimeOver]
	KindCancel Kind = 5
	// KindSender: [6, clock, µs on it, abilities], see [Frame.Abilities]. It begins a message of calls.
	KindSender Kind = 6
	// KindInstance: [7, instance, abilities]. It begins a message of answers.
	KindInstance Kind = 7
	// KindRunning: [8, sequence…], see [Numbers]: calls of the reader's that still run.
	KindRunning Kind = 8
	// KindTicketRequest: [9, fingerprint], see [AppendTicketRequest]
	KindTicketRequest Kind = 9
	// KindTicket: [10, addresses, id, secret, fingerprint], see [AppendTicket]
	KindTicket Kind = 10
	// KindStream: [11, sequence, ms left, metadata, ms it may last, bytes, items, arguments], a call
	// whose answer, or whose arguments, are items; see [Terms].
	KindStream Kind = 11
	// KindItems: [12, sequence, items before, how many, items], see [Items].
	KindItems Kind = 12
	// KindItemsEnd: [13, sequence, how many in all, error or nil], see [ItemsEnd].
	KindItemsEnd Kind = 13
	// KindCredit: [14, sequence, bytes, items], see [Credit].
	KindCredit Kind = 14
	// KindItemPart: [15, sequence, items before, length, offset, bytes], see [Part].
	KindItemPart Kind = 15
	// KindLargeCall: [16, sequence, ms left, metadata, extent (, method)]: a call whose arguments come
	// in chunks; see [Extent].
	KindLargeCall Kind = 16
	// KindChunk: [17, sequence, offset, bytes]: a part of the arguments or the result of a call.
	KindChunk Kind = 17
	// KindChunkCredit: [18, sequence, offset]: what lies before the offset may be sent.
	KindChunkCredit Kind = 18
	// KindLargeReply: [19, sequence, handler's µs, metadata, extent]: a result that comes in chunks, or,
	// of a stream that answers with no items, as the only one, in parts.
	KindLargeReply Kind = 19
	// KindAccount: [20, sequence, items, bytes of the next one, bytes, items], see [Account].
	KindAccount Kind = 20
	// KindLargeStream: [21, sequence, ms left, metadata, ms it may last, bytes, items, extent]: a stream
	// whose arguments come as its first item, in parts; see [Extent].
	KindLargeStream Kind = 21

	// kindNothing: [127], a kind that no version gives a meaning, and so stepped over.
	kindNothing Kind = 127
)

// Frame is one element of a message. A Frame that was read points into the message.
type Frame struct {
	Kind Kind
	// Seq ties a reply or a cancel to its call. In a KindSender it tells the sender's clocks
	// apart.
	Seq uint64
	// Time is the time left, in milliseconds, in a call, and the handler's time,
	// in microseconds, in a reply. In a KindSender it is what the clock said, in microseconds
	// since some moment of its own, when the message was begun. In a KindChunk and a KindChunkCredit it
	// is the offset, in a KindCancel the reason.
	Time uint64
	// Metadata is a msgpack map of strings, or nil.
	Metadata []byte
	// Body is the arguments' msgpack array, the result's msgpack value, of either the extent or a
	// part where it comes in chunks or parts, or, in a KindError, the error's msgpack array. In a KindInstance
	// it is the instance's name, in a KindRunning the sequence numbers, one after the other, in frames
	// about tickets what follows the kind, and in those of a stream under way what follows the
	// sequence number.
	Body []byte
	// Abilities are those of the sender in a KindSender, of the instance in a KindInstance.
	Abilities Abilities
	// Method is the method called, on a subject that doesn't say it; else empty, and not
	// in the frame.
	Method string
	// Terms are those of a KindStream or a KindLargeStream; nil in all others.
	Terms *Terms
}

// ErrNotHelium marks a payload that doesn't begin with Magic.
var ErrNotHelium = errors.New("not a Helium message: its first byte isn't 0xC1")

// IsMessage reports whether a payload claims to be a Helium message.
func IsMessage(payload []byte) bool { return len(payload) > 0 && payload[0] == Magic }

// AppendMessageHeader begins a message.
func AppendMessageHeader(b []byte) []byte { return append(b, Magic, Version) }

// AppendNothing appends a frame that everybody ignores. A message that holds no other is
// for those who want to know where messages get, and calls and answers nobody.
func AppendNothing(b []byte) []byte {
	return msgpack.AppendUint(msgpack.AppendArrayHeader(b, 1), uint64(kindNothing))
}

// AppendFrame appends f to a message.
func AppendFrame(b []byte, f *Frame) []byte {
	b = appendHead(b, f)
	switch f.Kind {
	case KindInstance, KindRunning, KindTicketRequest, KindTicket, KindItems, KindItemsEnd, KindCredit, KindItemPart, KindChunkCredit, KindAccount:
		return b // which has the body within it, or none
	}
	b = append(b, f.Body...)
	if f.Method != "" {
		b = msgpack.AppendString(b, f.Method)
	}
	return b
}

// appendHead appends what comes before f's body.
func appendHead(b []byte, f *Frame) []byte {
	switch f.Kind {
	case KindCancel:
		return appendCancel(b, uint64(f.Kind), f.Seq, f.Time)
	case KindSender, KindInstance:
		return appendAbout(b, f)
	case KindRunning:
		return appendNumbers(b, uint64(f.Kind), f.Body)
	case KindTicketRequest, KindTicket:
		return appendElements(b, uint64(f.Kind), f.Body)
	case KindItems, KindItemsEnd, KindCredit, KindItemPart, KindAccount:
		return appendNumbered(b, uint64(f.Kind), f.Seq, f.Body)
	case KindChunk, KindChunkCredit:
		return appendChunkHead(b, uint64(f.Kind), f.Seq, f.Time, f.Body, f.Kind == KindChunk)
	}
	n := 5
	switch {
	case f.Terms != nil:
		n = 8
	case f.Method != "":
		n = 6
	}
	b = msgpack.AppendArrayHeader(b, n)
	b = msgpack.AppendUint(b, uint64(f.Kind))
	b = msgpack.AppendUint(b, f.Seq)
	b = msgpack.AppendUint(b, f.Time)
	if f.Metadata == nil {
		b = msgpack.AppendNil(b)
	} else {
		b = append(b, f.Metadata...)
	}
	if f.Kind == KindError {
		return b
	}
	if f.Terms != nil {
		b = f.Terms.append(b)
	}
	return msgpack.AppendBytesHeader(b, len(f.Body))
}

// appendAbout appends a frame about who sends the message.
func appendAbout(b []byte, f *Frame) []byte {
	if f.Kind == KindInstance {
		b = msgpack.AppendArrayHeader(b, 3)
		b = msgpack.AppendUint(b, uint64(f.Kind))
		b = msgpack.AppendString(b, string(f.Body))
	} else {
		b = msgpack.AppendArrayHeader(b, 4)
		b = msgpack.AppendUint(b, uint64(f.Kind))
		b = msgpack.AppendUint(b, f.Seq)
		b = msgpack.AppendUint(b, f.Time)
	}
	return msgpack.AppendUint(b, uint64(f.Abilities))
}

// Milliseconds returns how a call's frame writes the time that it has left: in milliseconds,
// a part of one rounded up, none as 0, and more than MaxTime as that.
func Milliseconds(left time.Duration) uint64 {
	return uint64(max(0, min(left, MaxTime)+time.Millisecond-1) / time.Millisecond)
}

// Size bounds the bytes that AppendFrame appends for f.
func (f *Frame) Size() int {
	size := SizeOf(len(f.Metadata), len(f.Body)) + len(f.Method)
	if f.Terms != nil {
		size += streamOverhead
	}
	return size
}

// SizeOf is Size for the frame of an answer with so many bytes of metadata and body.
func SizeOf(metadata, body int) int { return frameOverhead + metadata + body }

// appendElements appends an array of a kind and of the elements in a body.
func appendElements(b []byte, kind uint64, body []byte) []byte {
	n := 1
	for r := msgpack.NewReader(body); r.Len() > 0 && r.Skip() == nil; {
		n++
	}
	return append(msgpack.AppendUint(msgpack.AppendArrayHeader(b, n), kind), body...)
}

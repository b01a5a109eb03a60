package direct

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/helium-rpc/helium/internal/wire"
)

// What travels on a connection once it is open are frames: four bytes of the length of what
// follows, big-endian, one of the kind, what belongs to the kind, and for some a Helium message as
// on the bus.
//
//	calls    1  service (2), token (8), length of the method (1), method, message
//	cancels  2  service (2), message
//	answers  3  token (8), message
//	ping     4  number (8)
//	pong     5  number (8)
//	goodbye  6
//	proof    7  ticket's id (16), proof (32)
//	taken    8  ticket's id (16), service (2)
//	over     9  service (2)
//
// Numbers are big-endian. Frames of other kinds are stepped over, and so is what stands behind
// the elements of the kinds 4 to 9.

type kind byte

const (
	kindCalls   kind = 1
	kindCancels kind = 2
	kindAnswers kind = 3
	kindPing    kind = 4
	kindPong    kind = 5
	kindGoodbye kind = 6
	// kindProof proves a further ticket on a connection that is open.
	kindProof kind = 7
	// kindTaken tells the number by which calls name the ticket's service from now on, 0 if the
	// ticket isn't taken.
	kindTaken kind = 8
	// kindOver tells that the right to call a service has ended.
	kindOver kind = 9
)

const (
	lengthSize = 4
	// maxMessage is how long a message on a connection may be, in bytes: as long as NATS lets
	// one be at most.
	maxMessage = 64 << 20
	// maxControl is how long a frame without a message may be, in bytes.
	maxControl = 1024
	// maxHead bounds what stands in front of a message, in bytes.
	maxHead = lengthSize + 1 + 2 + 8 + 1 + wire.MaxName
)

// frame is what stands on a connection. What it points to belongs to the reader's memory.
type frame struct {
	kind    kind
	service uint16 // by its number on the connection, from 1
	token   uint64 // of a message, or the number of a ping
	method  []byte // empty: each call of the message names its own
	id      wire.TicketID
	proof   proof
	message []byte
}

// appendFrame appends a frame but for its message, which follows and is so long.
func appendFrame(b []byte, f *frame, message int) []byte {
	begin := len(b)
	b = append(b, 0, 0, 0, 0, byte(f.kind))
	switch f.kind {
	case kindCalls:
		b = binary.BigEndian.AppendUint16(b, f.service)
		b = binary.BigEndian.AppendUint64(b, f.token)
		b = append(append(b, byte(len(f.method))), f.method...)
	case kindCancels, kindOver:
		b = binary.BigEndian.AppendUint16(b, f.service)
	case kindAnswers, kindPing, kindPong:
		b = binary.BigEndian.AppendUint64(b, f.token)
	case kindProof:
		b = append(append(b, f.id[:]...), f.proof[:]...)
	case kindTaken:
		b = binary.BigEndian.AppendUint16(append(b, f.id[:]...), f.service)
	}
	binary.BigEndian.PutUint32(b[begin:], uint32(len(b)-begin-lengthSize+message))
	return b
}

var (
	errNoKind = errors.New("a frame has no kind")
	errShort  = errors.New("a frame is shorter than its kind")
)

// checkLength refuses a frame by its length and kind, before it is read.
func checkLength(n int, k kind) error {
	limit := maxControl
	if k == kindCalls || k == kindCancels || k == kindAnswers {
		limit = maxMessage + maxHead
	}
	switch {
	case n < 1:
		return errNoKind
	case n > limit:
		return fmt.Errorf("a frame of kind %d says that it has %d bytes; at most %d are taken", k, n, limit)
	}
	return nil
}

// read reads a frame from all that follows its length.
func (f *frame) read(b []byte) error {
	*f = frame{kind: kind(b[0])} // nothing is left of the frame before
	b = b[1:]
	if len(b) < leastSizes[f.kind] {
		return errShort
	}
	switch f.kind {
	case kindCalls:
		f.service, f.token = binary.BigEndian.Uint16(b), binary.BigEndian.Uint64(b[2:])
		n := int(b[10])
		if b = b[11:]; len(b) < n {
			return errShort
		}
		f.method, f.message = b[:n:n], b[n:len(b):len(b)]
	case kindCancels:
		f.service, f.message = binary.BigEndian.Uint16(b), b[2:len(b):len(b)]
	case kindAnswers:
		f.token, f.message = binary.BigEndian.Uint64(b), b[8:len(b):len(b)]
	case kindPing, kindPong:
		f.token = binary.BigEndian.Uint64(b)
	case kindProof:
		copy(f.id[:], b)
		copy(f.proof[:], b[len(f.id):])
	case kindTaken:
		copy(f.id[:], b)
		f.service = binary.BigEndian.Uint16(b[len(f.id):])
	case kindOver:
		f.service = binary.BigEndian.Uint16(b)
	}
	return nil
}

// leastSizes are how long the elements of each kind are, in bytes, without a method and a message.
var leastSizes = [256]int{
	kindCalls: 2 + 8 + 1, kindCancels: 2, kindAnswers: 8, kindPing: 8, kindPong: 8,
	kindProof: wire.TicketIDSize + len(proof{}), kindTaken: wire.TicketIDSize + 2,
	kindOver: 2,
}

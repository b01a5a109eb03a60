package wire

import "time"

// These bound what a message may hold, so that nobody's message costs its reader more than
// it should. Readers refuse what is beyond them, unless it says otherwise below.
// docs/protocol.md has the same in a table. What bounds the values inside frames stands in
// internal/msgpack, and what bounds signatures in signature.
const (
	// MaxName is how long the name of a service, a method or an instance may be, in bytes:
	// three of them and a prefix make a subject.
	MaxName = 64
	// MaxCalls is how many calls a message may hold, the one-way ones among them. Callers
	// share messages for what takes a server 100 µs, so some hundred calls at most.
	MaxCalls = 4096
	// MaxRunning is how many calls a message names that still run. Instances write no more, and
	// callers read whatever fits a message.
	MaxRunning = 4096
	// MaxEntries is how many entries the metadata of a call or a reply may have, and the
	// details of an error.
	MaxEntries = 256
	// MaxTime is the longest time that a call may have left. A call that claims more gets this
	// much, so a moment on a clock plus the time left is always a moment.
	MaxTime = 365 * 24 * time.Hour
	// MaxReason is how long the reason of an error may be, in bytes. Longer ones are cut by
	// the sender.
	MaxReason = 256
	// MaxErrorText is how long the message of an error may be, and its details together, in
	// bytes. Longer ones are cut or left out by the sender.
	MaxErrorText = 64 << 10
	// MaxHeaderText is how long an error's text in a header may be, in bytes: what fits a
	// line of NATS's tools. Longer ones are cut by the sender.
	MaxHeaderText = 256
)

// These say how large a message gets, in bytes. It must be no larger than the NATS server's
// max_payload.
const (
	// UsualPayload is a NATS server's max_payload unless it is set. Source: the constant
	// MAX_PAYLOAD_SIZE of nats-server.
	UsualPayload = 1 << 20
	// HeaderSize is what a message has before its first frame.
	HeaderSize = 2
	// frameOverhead bounds what a frame has beside its metadata, body and method: the
	// headers of its array, its body and its method, its kind, and two numbers of 64 bits.
	frameOverhead = 1 + 1 + 9 + 9 + 1 + 5 + 5
	// streamOverhead is what the frame that begins a stream has beside that, at most.
	streamOverhead = 3 * 9
	// ErrorOverhead bounds what a message with one error has beside the error's message, its
	// details and the metadata: its reason, its instance, and what is around all these.
	ErrorOverhead = 1024
	// ItemsOverhead bounds what a message with items of a stream has beside them.
	ItemsOverhead = HeaderSize + AboutSize + 1 + 1 + 9 + 9 + 9 + 5 + 1
	// Room is how many bytes a [codec.Writer] should find in its buffer, in front of a
	// frame's body, so that [Whole] needs no copy.
	Room = HeaderSize + AboutSize + frameOverhead + streamOverhead + 64
	// AboutSize bounds the frame about the sender that a message may begin with.
	AboutSize = 1 + 1 + 2 + MaxName + 9
)

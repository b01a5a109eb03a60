package link

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
)

// Server is a link as a server sees it: messages come in, and answers go out to those who
// called.
//
//	Receive ─▶ Incoming ─▶ the server admits and runs its calls ─▶ Outgoing ─▶ Answer
//
// The bus is one, a direct connection another. Receive and Waiting belong to the one goroutine
// that receives; all else is safe for concurrent use.
type Server interface {
	// Receive waits for the next message. It returns false once the link is closed and all that
	// had come before is received.
	Receive() (Incoming, bool)
	// Waiting reports whether Receive would return at once.
	Waiting() bool
	// MaxMessage is the size of the largest message of answers, in bytes.
	MaxMessage() int
	// Answer sends a message of answers. The link counts it, and those that got lost.
	Answer(out *Outgoing)
	// Beat sends a heartbeat, a message that tells a caller which of its calls still run, and
	// reports whether it has left. Where the link can learn that nobody was there to take it, it
	// tells so, with the sign of the heartbeat, which nobody else knows who could say the same; how
	// is its own matter.
	Beat(to Caller, sign uint64, data []byte) bool
	// Close ends the link once all that has come is received.
	Close()
}

// Prober is a [Server] of one caller that finds out itself whether that is there: where calls are in
// flight and nothing comes from the caller for some heartbeat intervals, the link ends.
type Prober interface {
	// Probe is called each [wire.HeartbeatInterval] while calls of the caller are in flight; late tells
	// that this program stood still meanwhile. One goroutine at a time calls it.
	Probe(late bool)
}

// Incoming is a message that has come to a server.
type Incoming struct {
	Data []byte
	From Caller
	// Service is what the message is for, and Method; "" if the calls in it name theirs.
	Service, Method string
	// Cancels tells a message of cancels from one of calls.
	Cancels bool
	// TooMany tells that the message is to be refused whole: too many wait to be received.
	TooMany bool
	// Refusal is why nothing in the message may run; nil: it may.
	Refusal *helium.Error
	// Where is the place that the message came to, as people know it.
	Where string
	// Plain answers the message if it is a plain request; nil: its data are frames.
	Plain PlainAnswerer
	// Timeout is how long a plain request says that it waits; "": it doesn't say.
	Timeout string
	// Reached is set of what isn't a message but a mark between messages: all that was in front
	// of it has been received. Whoever receives calls it, and all else is zero.
	Reached func()
}

// Caller is who sent a message.
type Caller struct {
	// Key is the same in all messages of a caller, and no other caller's by any link. "" is
	// nobody: who waits for no answer.
	Key string
	// Address is where the answers to the message go, and Token, where it isn't 0, which message
	// they answer. Only its link reads them.
	Address string
	Token   uint64
	// Ephemeral callers send one message, and are forgotten with its last call.
	Ephemeral bool
	// Once: the link takes one message of answers to this message.
	Once bool
	// Clock is the number of the sender's clock; 0: the message doesn't say. Whoever receives it
	// fills it in.
	Clock uint64
}

// Outgoing is a message of answers.
type Outgoing struct {
	To      Caller
	Service string // that the caller called; "" if the message answers none of its calls
	Message *batch.Message
	Nth     int       // of the messages of answers to this caller, from 1
	Last    bool      // the caller waits for no other answer
	Since   time.Time // when the message came that it answers; zero: it answers several, or none
}

// PlainAnswerer answers plain requests: those of callers that know nothing of frames.
type PlainAnswerer interface {
	// AnswerPlain sends an answer that is a value, or that describes an error if fault isn't
	// nil, to a request that came at a certain time. ErrTooLarge is returned before anything is
	// sent; what is lost afterwards is counted.
	AnswerPlain(to Caller, service string, since time.Time, data []byte, fault *helium.Error) error
	// MaxMessage is the size of the largest answer, in bytes.
	MaxMessage() int
}

// ErrTooLarge is the error of a message that the link doesn't take for its size.
var ErrTooLarge = errors.New("the message is too large")

// ServerCounters count what passes through all links of a server.
type ServerCounters struct {
	Replies    atomic.Uint64 // answers in messages of frames
	Messages   atomic.Uint64 // the messages that they shared
	Lost       atomic.Uint64 // answers that a link didn't take
	BadReplies atomic.Uint64 // messages dropped, as they wanted the answer where no caller listens
}

package link

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// A NATS server may begin to take smaller messages only, or the connection move to one that does,
// while calls are put together for messages that were right before.

// ErrOutgrown is the error of an attempt in a message that the NATS server has turned out not to take.
// By now it is known what it takes, so calls may go again, in smaller messages or in chunks. It is
// always this one value.
var ErrOutgrown = helium.ErrTooLarge.WithMessage("the NATS server takes no message of that size any more").WithOutcome(helium.NotExecuted)

// oneWays returns the one-way calls of such a message, each in a message of its own: nobody waits for
// them who could send them again.
func oneWays(message []byte) (messages [][]byte) {
	opening := wire.AppendMessageHeader(nil)
	frames, err := wire.ReadMessage(message)
	for err == nil && frames.More() {
		var f wire.Frame
		switch err = frames.Next(&f); {
		case err != nil:
		case f.Kind == wire.KindSender:
			opening = wire.AppendFrame(opening, &f)
		case f.Kind == wire.KindNotify:
			messages = append(messages, wire.AppendFrame(opening[:len(opening):len(opening)], &f))
		}
	}
	return messages
}

package answers

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/wire"
)

// examineTime bounds the wait for a trace.
const examineTime = 2 * time.Second

// trace is where NATS tells what becomes of a message.
type trace struct {
	header nats.Header // of the message
	sub    *nats.Subscription
	end    func()
}

// followTrace returns a trace for a message that is to be published.
func followTrace(nc *nats.Conn, refusals *Refusals) (*trace, error) {
	inbox := wire.NewInbox(nc.Opts.InboxPrefix)
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	// NATS refuses the trace to a user who may not publish to the inbox; nobody's answer is
	// lost by that.
	off := refusals.ignore(inbox)
	t := &trace{header: nats.Header{}, sub: sub, end: func() { off(); _ = sub.Unsubscribe() }}
	t.header.Set("Nats-Trace-Dest", inbox)
	return t, nil
}

// read reads whether the message crossed to another account, while life lasts. It isn't known where nobody
// traces, or the trace tells of an error.
func (t *trace) read(life context.Context) (crossed, known bool, err error) {
	ctx, cancel := context.WithTimeout(life, examineTime)
	defer cancel()
	for outstanding := 1; outstanding > 0; outstanding-- {
		said, err := t.sub.NextMsgWithContext(ctx)
		if life.Err() != nil {
			return false, false, err
		}
		if err != nil {
			return false, false, nil // nobody traces: an old NATS server, or one that may not tell
		}
		var told traced
		if err := json.Unmarshal(said.Data, &told); err != nil {
			return false, false, fmt.Errorf("a trace can't be read: %w", err)
		}
		for _, event := range told.Events {
			if event.Error != "" {
				return false, false, nil
			}
			if event.Type == crossing {
				return true, true, nil
			}
		}
		outstanding += told.Hops // each of them sends a trace of its own
	}
	return false, true, nil
}

// crossing is the kind of event of a message that goes on to another account.
const crossing = "si"

// traced is what this needs of a trace's message.
type traced struct {
	Hops   int `json:"hops"`
	Events []struct {
		Type  string `json:"type"`
		Error string `json:"error"`
	} `json:"events"`
}

package probe

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/wire"
)

// Request sends a message and waits for the answer. The acknowledgement of a JetStream stream is none; the
// error names the stream if nothing else comes. That nobody listens is nats.ErrNoResponders.
func Request(ctx context.Context, nc *nats.Conn, subject string, data []byte) (*nats.Msg, error) {
	inbox := wire.NewInbox(nc.Opts.InboxPrefix)
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only if the connection is closed
	if err := nc.PublishRequest(subject, inbox, data); err != nil {
		return nil, err
	}
	for stream := ""; ; {
		m, err := sub.NextMsgWithContext(ctx)
		switch {
		case err != nil && stream != "" && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout)):
			return nil, fmt.Errorf("no answer in time, but a stream's: %s", wire.Captured(stream, subject))
		case err != nil:
			return nil, err
		}
		acknowledges := wire.CapturedBy(m.Data)
		if acknowledges == "" {
			return m, nil
		}
		stream = acknowledges
	}
}

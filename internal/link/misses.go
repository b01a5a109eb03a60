package link

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/natsperm"
)

// misses are the heartbeats that found nobody. NATS tells that on their reply subject, which ends
// with the caller's key, so nothing is kept for them:
//
//	heartbeat to _INBOX.Xk3….+7f ─▶ NATS ─▶ nobody there ─▶ 503 on <inbox>._INBOX.Xk3….+
type misses struct {
	inbox atomic.Pointer[string] // nil: nobody is told
}

const (
	// maxMissKey is how long a key may be that a reply subject is made of, in bytes: NATS closes
	// connections for lines that are too long, and callers choose their inboxes.
	maxMissKey = 512
	// missTime bounds the wait for NATS's word on a subscription. It takes a round trip.
	missTime = 2 * time.Second
)

// replyFor returns the reply subject of a heartbeat, "" for none.
func (m *misses) replyFor(key string) string {
	inbox := m.inbox.Load()
	if inbox == nil || len(key) > maxMissKey {
		return ""
	}
	return *inbox + "." + key
}

// watch subscribes to what NATS says of heartbeats.
func (m *misses) watch(ctx context.Context, nc *nats.Conn, missing func(key string)) (stop func()) {
	inbox := nc.NewInbox()
	subject := inbox + ".>"
	refused := natsperm.Listen(nc, func(refusal error) (own bool) {
		denied, ok := natsperm.Subscription(refusal)
		if own = ok && denied == subject; own {
			m.inbox.Store(nil)
		}
		return own
	})
	sub, err := nc.Subscribe(subject, func(msg *nats.Msg) {
		if len(msg.Data) == 0 && msg.Header.Get("Status") == noResponders {
			missing(strings.TrimPrefix(msg.Subject, inbox+"."))
		}
	})
	if err != nil {
		refused.Stop()
		return func() {}
	}
	m.inbox.Store(&inbox) // taken back if NATS refuses the subscription
	ctx, cancel := context.WithTimeout(ctx, missTime)
	defer cancel()
	_ = refused.Settle(ctx) // what isn't known yet is heard later
	return func() {
		m.inbox.Store(nil)
		_ = sub.Unsubscribe() // fails only if the connection is closed
		refused.Stop()
	}
}

package link

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/natsperm"
)

// misses are the heartbeats that found nobody. NATS tells that on their reply subject, which ends
// with the caller's key, so nothing is kept for them here:
//
//	heartbeat to _INBOX.Xk3….+7f ─▶ NATS ─▶ nobody there ─▶ 503 on <inbox>.<sign>._INBOX.Xk3….+
//
// Any caller can do as NATS does, for heartbeats show it the inbox. It may know another caller's
// key as well, but not the sign of its heartbeats.
type misses struct {
	inbox atomic.Pointer[string] // nil: nobody is told
}

const (
	// maxMissAddress is how long the address of a heartbeat may be that has a reply subject, in
	// bytes: NATS closes connections for lines that are too long, this one would hold the address
	// and the key, and callers choose both.
	maxMissAddress = 512
	// missTime bounds the wait for NATS's word on a subscription. It takes a round trip.
	missTime = 2 * time.Second
)

// replyFor returns the reply subject of a heartbeat of that sign, "" for none.
func (m *misses) replyFor(to Caller, sign uint64) string {
	inbox := m.inbox.Load()
	if inbox == nil || len(to.Address) > maxMissAddress {
		return ""
	}
	return *inbox + "." + strconv.FormatUint(sign, 36) + "." + to.Key
}

// missed returns the key of the caller and the sign of the heartbeat whose reply subject ends so;
// what no heartbeat had has none.
func missed(reply string) (key string, sign uint64) {
	number, key, _ := strings.Cut(reply, ".")
	sign, err := strconv.ParseUint(number, 36, 64)
	if err != nil {
		return "", 0
	}
	return key, sign
}

// watch subscribes to what NATS says of heartbeats.
func (m *misses) watch(ctx context.Context, nc *nats.Conn, missing func(key string, sign uint64)) (stop func()) {
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
			missing(missed(strings.TrimPrefix(msg.Subject, inbox+".")))
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

package rpcserver

import (
	"errors"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/natsperm"
)

// A server's subscriptions are made again with each new connection, and with each the NATS
// server may be another one, or may have other permissions and limits. Then the server
// gets no calls on some subjects, and nobody else is told.

// standing watches whether a server that has started keeps its subscriptions.
type standing struct {
	mu      sync.Mutex
	refused *natsperm.Watch // guarded by mu; nil before Start and after Shutdown
}

func (st *standing) watch(s *Server) {
	refused := natsperm.Listen(s.nc, func(refusal error) (own bool) {
		subject, ok := natsperm.Subscription(refusal)
		switch {
		case ok && s.isSubscribed(subject):
			s.log.Error("NATS has refused a subscription that this server had, and no calls come by it; allow its user the subject and let it connect again", "subject", subject, "instance", s.instance, "reason", refusal)
			return true
		case errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded):
			s.log.Error("NATS takes no more subscriptions on this server's connection, and one that the server had may be among those refused; raise max_subscriptions and let it connect again", "instance", s.instance, "reason", refusal)
		}
		return false
	})
	st.mu.Lock()
	defer st.mu.Unlock()
	st.refused = refused
}

func (st *standing) close() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.refused != nil {
		st.refused.Stop()
		st.refused = nil
	}
}

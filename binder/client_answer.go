package binder

import (
	"encoding/json"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// What comes back on a binder's subject need not be a binder's: anybody who may subscribe
// there can answer, and a JetStream stream whose subjects cover it acknowledges every
// request. Taken for an answer, its acknowledgement would be a lease of nothing, or a
// registry without a service.

// answer is what a binder answers to one kind of request.
type answer interface {
	// missing names what the answer doesn't have and every binder's has; "" for nothing.
	missing() string
}

// readAnswer reads a message into reply if it is a binder's, and returns the error that it
// carries otherwise, or why it is none.
func readAnswer(m *nats.Msg, subject string, reply answer) *helium.Error {
	if e := failureOf(m); e != nil {
		return e
	}
	if stream := wire.CapturedBy(m.Data); stream != "" {
		return captured(subject, stream)
	}
	if err := json.Unmarshal(m.Data, reply); err != nil {
		return helium.ErrNotBinder.WithMessage("the answer on %s isn't a binder's (%w); see who else subscribes there", subject, err)
	}
	if what := reply.missing(); what != "" {
		return helium.ErrNotBinder.WithMessage("the answer on %s isn't a binder's, as it has no %s that could be one's; see who else subscribes there", subject, what)
	}
	return nil
}

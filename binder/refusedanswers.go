package binder

import (
	"sync"

	"github.com/helium-rpc/helium/internal/natsperm"
)

// A binder answers each request with one message, so a user with allow_responses may be
// one. A user who may not even do that is refused by NATS long after the answer was
// published, and whoever asked waits in vain: the log says once what to set.

// refusals tells of answers that NATS refuses.
type refusals struct {
	binder *Binder
	lately *natsperm.Lately // the reply subjects that were answered
	watch  *natsperm.Watch
	logged sync.Once
}

// listenForRefusals listens until close.
func listenForRefusals(b *Binder) *refusals {
	r := &refusals{binder: b, lately: natsperm.NewLately()}
	r.watch = natsperm.Listen(b.nc, r.hear)
	return r
}

func (r *refusals) hear(refusal error) (own bool) {
	if subject, ok := natsperm.Publish(refusal); ok && r.lately.Has(subject) {
		r.logged.Do(func() {
			r.binder.config.Logger.Warn("NATS refuses answers of this binder, and whoever asked waits in vain; allow its user to publish to \"_INBOX.>\", "+
				"or one answer to each request: allow_responses: true", "subject", subject)
		})
	}
	return false
}

func (r *refusals) close() { r.watch.Stop() }

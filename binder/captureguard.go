package binder

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
)

// A JetStream stream that captures the binder's subjects acknowledges each request to it,
// mostly before the binder has answered. Whoever asked sees that this is no answer, but
// only if it came first; so a binder looks for such streams by itself, where its user may:
// when it starts, and before it takes a registration.

// A captureGuard finds streams that answer in the binder's place.
type captureGuard struct {
	nc       *nats.Conn
	js       jetstream.JetStream
	subjects wire.Subjects
	since    atomic.Int64 // Unix nanoseconds of the last attempt that brought no answer
	found    sharedQuestion[*helium.Error]
}

func newCaptureGuard(ctx context.Context, nc *nats.Conn, js jetstream.JetStream, subjects wire.Subjects, running *sync.WaitGroup) *captureGuard {
	g := &captureGuard{nc: nc, js: js, subjects: subjects}
	g.found = sharedQuestion[*helium.Error]{ctx: ctx, ask: g.find, running: running}
	return g
}

// check returns [helium.ErrNotBinder] if a stream answers in the binder's place.
func (g *captureGuard) check(ctx context.Context) error {
	found, err := g.found.answer(ctx)
	if err != nil || found == nil {
		return nil // what isn't known is no reason to refuse anybody
	}
	return found
}

// namesSubject is where JetStream is asked for streams.
const namesSubject = "$JS.API.STREAM.NAMES"

// lookAgain is how long a binder that wasn't told which streams there are doesn't ask again.
const lookAgain = time.Minute

// find returns [helium.ErrNotBinder] if there is such a stream, and what it captures. It knows
// nothing where the binder's user may not ask.
func (g *captureGuard) find(ctx context.Context) (found *helium.Error, err error) {
	if time.Since(time.Unix(0, g.since.Load())) < lookAgain {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, store.Attempt)
	defer cancel()
	watch := natsperm.Listen(g.nc, func(refusal error) (own bool) {
		subject, ok := natsperm.Publish(refusal)
		if own = ok && subject == namesSubject; own {
			cancel()
		}
		return own
	})
	defer watch.Stop()
	lister := g.js.StreamNames(ctx, jetstream.WithStreamListSubject(g.subjects.Registry()))
	var names []string
	for name := range lister.Name() {
		names = append(names, name)
	}
	if lister.Err() != nil {
		g.since.Store(time.Now().UnixNano())
		return nil, nil
	}
	for _, name := range names {
		stream, err := g.js.Stream(ctx, name)
		if err != nil {
			continue // it is gone, or may not be looked at
		}
		if subject := g.answers(stream.CachedInfo().Config); subject != "" {
			return captured(subject, name), nil
		}
	}
	return nil, nil
}

// answers returns a subject of the binder's on which a stream answers; "" if there is none.
func (g *captureGuard) answers(config jetstream.StreamConfig) string {
	if config.NoAck {
		return ""
	}
	s := g.subjects
	for _, own := range []string{s.Register("*"), s.Renew("*"), s.End("*"), s.List(), s.Lookup("*"), s.Lookup("*.*")} {
		for _, subject := range config.Subjects {
			if meet(own, subject) {
				return own
			}
		}
	}
	return ""
}

// meet reports whether some subject matches both patterns.
func meet(a, b string) bool {
	for {
		first, restA, moreA := strings.Cut(a, ".")
		other, restB, moreB := strings.Cut(b, ".")
		switch {
		case first == ">" || other == ">":
			return true
		case first != other && first != "*" && other != "*":
			return false
		case !moreA || !moreB:
			return moreA == moreB
		}
		a, b = restA, restB
	}
}

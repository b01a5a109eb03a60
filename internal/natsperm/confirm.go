package natsperm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// Refused is all that NATS refused of what was to be confirmed.
type Refused struct {
	// Subjects are those that aren't permitted, sorted.
	Subjects []string

	told    []error // why, for each of Subjects
	limited bool    // nats.ErrMaxSubscriptionsExceeded was told, which names no subject
}

// Error says in NATS's words what was refused, every subject of it.
func (r *Refused) Error() string {
	var text strings.Builder
	for i, err := range r.told {
		words := err.Error()
		if i > 0 { // all begin alike, and the subject is quoted
			text.WriteString(", ")
			words = words[max(0, strings.IndexByte(words, '"')):]
		}
		text.WriteString(words)
	}
	if r.limited {
		if len(r.told) > 0 {
			text.WriteString("; ")
		}
		text.WriteString(nats.ErrMaxSubscriptionsExceeded.Error())
	}
	return text.String()
}

// Unwrap returns what NATS told.
func (r *Refused) Unwrap() []error {
	if r.limited {
		return append(slices.Clone(r.told), nats.ErrMaxSubscriptionsExceeded)
	}
	return r.told
}

// Confirm makes subscriptions and returns once NATS has them all, or a *[Refused] of those
// that it refused: subjects among ours that aren't permitted, and any that are more than the
// connection may have. Of these nobody else is told, not the connection's own error handler
// either. err is subscribe's own, the connection's, or that of ctx, and may come beside a
// refusal.
func Confirm(ctx context.Context, nc *nats.Conn, ours func(subject string) bool, subscribe func() error) (refusal, err error) {
	return confirm(ctx, nc, subscribe, func(told error) (subject string, own bool) {
		if errors.Is(told, nats.ErrMaxSubscriptionsExceeded) {
			return "", true
		}
		subject, denied := Subscription(told)
		return subject, denied && ours(subject)
	})
}

// ConfirmPublish is Confirm for what is published to one subject.
func ConfirmPublish(ctx context.Context, nc *nats.Conn, subject string, publish func() error) (refusal, err error) {
	return confirm(ctx, nc, publish, func(told error) (string, bool) {
		refused, denied := Publish(told)
		return refused, denied && refused == subject
	})
}

// confirm collects what is told while do's doings reach NATS, as far as it is own; the
// subject of a refusal is "" if it is the limit of subscriptions.
func confirm(ctx context.Context, nc *nats.Conn, do func() error, own func(told error) (subject string, own bool)) (refusal, err error) {
	before := nc.LastError()
	var mu sync.Mutex
	refused := make(map[string]error) // by subject
	watch := Listen(nc, func(told error) bool {
		subject, own := own(told)
		if own {
			mu.Lock()
			defer mu.Unlock()
			refused[subject] = told
		}
		return own
	})
	defer watch.Stop()
	if err := do(); err != nil {
		return nil, err
	}
	err = watch.Settle(ctx)
	if last := nc.LastError(); err != nil && nc.IsClosed() && last != nil && last != before {
		err = fmt.Errorf("%w: %w", last, err) // such as a subject that is too long for the server
	}
	mu.Lock()
	defer mu.Unlock()
	if len(refused) == 0 {
		return nil, err
	}
	all := new(Refused)
	for _, subject := range slices.Sorted(maps.Keys(refused)) {
		if subject == "" {
			all.limited = true
			continue
		}
		all.Subjects = append(all.Subjects, subject)
		all.told = append(all.told, refused[subject])
	}
	return all, err
}

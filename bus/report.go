package bus

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// repeatAfter is how long the same error stays out of the log once it was in.
const repeatAfter = 10 * time.Second

// reporter logs what happens to a connection and is returned by no call.
type reporter struct {
	logger *slog.Logger

	mu     sync.Mutex           // guards the fields below
	lost   time.Time            // when the connection went away; zero while it stands
	logged map[string]time.Time // error text → when it was last logged
	told   string               // the last error's text that reached onError
}

func newReporter(logger *slog.Logger) *reporter {
	return &reporter{logger: logger, logged: make(map[string]time.Time)}
}

func (r *reporter) options() []nats.Option {
	return []nats.Option{
		nats.DisconnectErrHandler(r.onDisconnect),
		nats.ReconnectHandler(r.onReconnect),
		nats.ClosedHandler(r.onClosed),
		nats.ErrorHandler(r.onError),
	}
}

func (r *reporter) onDisconnect(nc *nats.Conn, err error) {
	if nc.IsClosed() {
		return // by its owner
	}
	r.mu.Lock()
	again := !r.lost.IsZero()
	if !again {
		r.lost = time.Now()
	}
	r.mu.Unlock()
	if !again {
		r.logger.Warn("lost the NATS server; reconnecting", "connection", nc.Opts.Name, "reason", reason(err))
	}
}

func (r *reporter) onReconnect(nc *nats.Conn) {
	r.mu.Lock()
	lost := r.lost
	r.lost = time.Time{}
	r.mu.Unlock()
	if lost.IsZero() {
		return
	}
	r.logger.Info("connected to NATS again", "connection", nc.Opts.Name,
		"url", redactRaw(nc.ConnectedUrl()), "away", time.Since(lost).Round(time.Millisecond))
}

// onError gets the errors that no call returns, such as those of a publish.
func (r *reporter) onError(nc *nats.Conn, sub *nats.Subscription, err error) {
	if err == nil {
		return
	}
	key := alike(err)
	if sub != nil {
		key = sub.Subject + " " + key
	}
	r.mu.Lock()
	r.told = err.Error()
	last, known := r.logged[key]
	repeated := known && time.Since(last) < repeatAfter
	if !repeated {
		if len(r.logged) >= 100 {
			clear(r.logged) // many different errors: rather repeat than grow
		}
		r.logged[key] = time.Now()
	}
	r.mu.Unlock()
	if repeated {
		return
	}
	attrs := []any{"connection", nc.Opts.Name, "error", err}
	if sub != nil {
		attrs = append(attrs, "subject", sub.Subject)
	}
	if do := remedy(err); do != "" {
		attrs = append(attrs, "hint", do)
	}
	r.logger.Warn("NATS reports an error", attrs...)
}

// alike returns what an error has in common with those that need not be told as well. The
// answers that a user may not publish differ in their callers' inboxes alone.
func alike(err error) string {
	if kind, ok := refusedAnswer(err); ok {
		return "an answer to " + kind
	}
	return err.Error()
}

// refusedAnswer returns the first part of the inbox of an answer that isn't permitted; ok
// is false if the error is something else.
func refusedAnswer(err error) (kind string, ok bool) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return "", false
	}
	_, subject, _ := strings.Cut(err.Error(), `Publish to "`)
	kind, _, _ = strings.Cut(subject, ".")
	return kind, kind == defaultInboxPrefix || kind == "_R_"
}

// onClosed tells of the rare errors after which nats.go gives a connection up.
func (r *reporter) onClosed(nc *nats.Conn) {
	err := nc.LastError()
	if err == nil || errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrPermissionViolation) {
		return // what isn't permitted closes nothing, and was told where it was asked for
	}
	r.mu.Lock()
	told := r.told == err.Error()
	r.mu.Unlock()
	if !told {
		r.logger.Error("the NATS connection is closed for good; connect again", "connection", nc.Opts.Name, "reason", err)
	}
}

func reason(err error) string {
	if err == nil {
		return "the server closed the connection"
	}
	return err.Error()
}

// remedy says what to do about an asynchronous error; "" where nobody knows.
func remedy(err error) string {
	if kind, ok := refusedAnswer(err); ok {
		return "an answer is lost: allow this user to publish to \"" + kind + ".>\" in the server's permissions; allow_responses covers one message of answers a request"
	}
	switch {
	case errors.Is(err, nats.ErrPermissionViolation):
		return "allow the subject to this user in the server's permissions, or connect as another user"
	case errors.Is(err, nats.ErrSlowConsumer):
		return "messages were dropped: handle them faster, or raise the limits with Subscription.SetPendingLimits"
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired),
		errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired):
		return "the server no longer takes these credentials; renew them, the connection keeps trying"
	case errors.Is(err, nats.ErrMaxSubscriptionsExceeded):
		return "raise the server's limit of subscriptions, or use fewer"
	}
	return ""
}

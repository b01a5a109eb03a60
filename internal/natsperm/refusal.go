package natsperm

import (
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
)

// NATS quotes the subject that it refuses:
//
//	Permissions Violation for Publish to "helium.call.math.add"
//	Permissions Violation for Subscription to "helium.call.math" using queue "helium"

// Publish returns the subject of a publish that NATS refused; ok is false if the error
// is something else.
func Publish(refusal error) (subject string, ok bool) {
	return refused(refusal, `Violation for Publish to "`)
}

// Subscription returns the subject of a subscription that NATS refused; ok is false if
// the error is something else.
func Subscription(refusal error) (subject string, ok bool) {
	return refused(refusal, `Violation for Subscription to "`)
}

func refused(refusal error, before string) (subject string, ok bool) {
	if !errors.Is(refusal, nats.ErrPermissionViolation) {
		return "", false
	}
	_, rest, ok := strings.Cut(refusal.Error(), before)
	if !ok {
		return "", false
	}
	subject, _, ok = strings.Cut(rest, `"`)
	return subject, ok
}

// isRefusal reports whether an error is of those that NATS answers a publish or a
// subscription with.
func isRefusal(err error) bool {
	return errors.Is(err, nats.ErrPermissionViolation) || errors.Is(err, nats.ErrMaxSubscriptionsExceeded)
}

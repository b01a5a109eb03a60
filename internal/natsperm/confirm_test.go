package natsperm_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/natsperm"
)

func TestConfirmNamesEverySubjectOfOursThatIsRefused(t *testing.T) {
	nc := limited(t)
	var others heard
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		subject, _ := natsperm.Subscription(err)
		others.add(subject)
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ours := func(subject string) bool { return subject != "theirs" }
	refusal, err := natsperm.Confirm(ctx, nc, ours, func() (err error) {
		for _, subject := range []string{"z", "my.own", "a", "theirs", "a"} {
			_, each := nc.QueueSubscribeSync(subject, "workers")
			err = errors.Join(err, each)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	refused, ok := errors.AsType[*natsperm.Refused](refusal)
	if !ok || !slices.Equal(refused.Subjects, []string{"a", "z"}) {
		t.Fatalf("refused %+v, want a and z", refusal)
	}
	if got, want := refusal.Error(), `nats: permissions violation: Permissions Violation for Subscription to "a" using queue "workers", "z" using queue "workers"`; !strings.EqualFold(got, want) {
		t.Errorf("the refusal says\n%s\nwant\n%s", got, want)
	}
	if !errors.Is(refusal, nats.ErrPermissionViolation) || errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded) {
		t.Errorf("%v matches the wrong error of NATS, want nats.ErrPermissionViolation alone", refusal)
	}
	// It comes to the handler after the watches, and then whatever Confirm called its own would have.
	w := natsperm.Listen(nc, func(error) bool { return false })
	defer w.Stop()
	if err := nc.Publish("nowhere", nil); err != nil {
		t.Fatal(err)
	}
	settle(t, w)
	if got, want := others.all(), []string{"theirs"}; !slices.Contains(got, "theirs") || slices.Contains(got, "a") {
		t.Errorf("the connection's own handler heard of %q, want %q", got, want)
	}
}

func TestConfirmTellsOfTheLimitOfSubscriptionsBesideWhatIsNotPermitted(t *testing.T) {
	nc := limited(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	refusal, err := natsperm.Confirm(ctx, nc, func(string) bool { return true }, func() error {
		_, err := nc.SubscribeSync("a")
		nc.ErrorHandler()(nc, nil, nats.ErrMaxSubscriptionsExceeded)
		return err
	})
	if err != nil || !errors.Is(refusal, nats.ErrPermissionViolation) || !errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded) {
		t.Errorf("Confirm = %v, %v; want a refusal that matches both of NATS's errors", refusal, err)
	}
}

func TestConfirmPublishIsToldOfItsOwnSubjectAlone(t *testing.T) {
	nc := limited(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for subject, want := range map[string]bool{"maynot": false, "may.do": true} {
		refusal, err := natsperm.ConfirmPublish(ctx, nc, subject, func() error {
			_, err := nc.SubscribeSync("maynot")
			return errors.Join(err, nc.Publish("neither", nil), nc.Publish(subject, nil), nc.Publish("nor", nil))
		})
		if err != nil || (refusal == nil) != want {
			t.Errorf("publishing to %s: refusal %v, error %v; want permission: %t", subject, refusal, err, want)
		}
	}
}

func TestConfirmReturnsWhatTheConnectionFailedOf(t *testing.T) {
	nc := limited(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := natsperm.Confirm(ctx, nc, func(string) bool { return true }, func() error {
		_, err := nc.SubscribeSync("my." + strings.Repeat("x", 5000)) // above the server's max_control_line
		return err
	})
	if err == nil || !strings.Contains(strings.ToLower(err.Error()), "control line") {
		t.Errorf("Confirm = %v, want what the NATS server closed the connection for", err)
	}
}

package presence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
)

// subscribeTime bounds the wait for the NATS server to have all subscriptions.
const subscribeTime = 10 * time.Second

// Subscriptions are those by which calls and cancels come to a server. They deliver to one
// channel, so that messages are received in the order in which they came.
//
// They are made again with each new connection, and with each the NATS server may be another
// one, or may have other permissions and limits. Then the server gets no calls on some
// subjects, and nobody else is told; so it watches for that once it has started.
type Subscriptions struct {
	NC       *nats.Conn
	Log      *slog.Logger
	Instance string
	Inbound  chan *nats.Msg

	subjects []string             // of those that were asked for
	made     []*nats.Subscription // the starter's own until the server has begun, then Leave's
	control  []*nats.Subscription // those of them for what concerns calls in flight
	refused  *natsperm.Watch      // as made; nil until all are confirmed

	mu     sync.Mutex
	all    []joined // guarded by mu; as made
	warned bool     // guarded by mu; the log has that messages were dropped
}

// joined is a subscription, and how many messages of it were dropped when that was looked at last:
// one that has ended says no more.
type joined struct {
	sub     *nats.Subscription
	dropped uint64
}

// Open makes subscriptions to all subjects of targets, and waits until the NATS server has
// them.
func (s *Subscriptions) Open(ctx context.Context, to *Targets) error {
	ctx, cancel := context.WithTimeout(ctx, subscribeTime)
	defer cancel()
	s.subjects = slices.Concat(to.shared, to.own, to.control)
	refusal, err := natsperm.Confirm(ctx, s.NC, s.holds, func() error {
		for _, subject := range to.shared {
			if err := s.join(subject, wire.QueueGroup); err != nil {
				return err
			}
		}
		for _, subject := range to.own {
			if err := s.join(subject, ""); err != nil {
				return err
			}
		}
		for _, subject := range to.control {
			if err := s.join(subject, ""); err != nil {
				return err
			}
			s.control = append(s.control, s.made[len(s.made)-1])
		}
		return nil
	})
	switch {
	case errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded):
		return fmt.Errorf("the NATS server takes no more subscriptions of this connection, and the server needs %d of its own; raise max_subscriptions, or the user's limit: %w", len(s.made), refusal)
	case refusal != nil:
		return fmt.Errorf("this connection's user may not serve here; allow it to subscribe to %s: %w", quoted(to.allow), refusal)
	case err != nil:
		return fmt.Errorf("the NATS server didn't confirm the subscriptions; see that the connection is up: %w", err)
	}
	s.refused = natsperm.Listen(s.NC, s.hear)
	return nil
}

// holds reports whether a subject is one that the server subscribes to.
func (s *Subscriptions) holds(subject string) bool { return slices.Contains(s.subjects, subject) }

func (s *Subscriptions) join(subject, queue string) error {
	sub, err := s.NC.ChanQueueSubscribe(subject, queue, s.Inbound)
	if err != nil {
		return fmt.Errorf("subscribing to %q: %w", subject, err)
	}
	s.made = append(s.made, sub)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, joined{sub: sub})
	return nil
}

// Dropped returns how many messages were dropped before the server had them, for want of room.
func (s *Subscriptions) Dropped() (messages uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		one := &s.all[i]
		if n, err := one.sub.Dropped(); err == nil { // fails for one that has ended
			one.dropped = uint64(max(0, n))
		}
		messages += one.dropped
	}
	return messages
}

// Look tells once if messages were dropped. NATS's own library tells nobody who waits for them.
func (s *Subscriptions) Look() {
	dropped := s.Dropped()
	s.mu.Lock()
	first := dropped > 0 && !s.warned
	s.warned = s.warned || first
	s.mu.Unlock()
	if first {
		s.Log.Warn("messages were dropped before the server had them, and their callers wait in vain: the process didn't get to read them; give it more processors, start more instances, or find what keeps it busy; from now on they are only counted, in Stats.DroppedMessages", "instance", s.Instance, "messages", dropped)
	}
}

// hear is told of what NATS refuses on the connection after the start.
func (s *Subscriptions) hear(refusal error) (own bool) {
	subject, ok := natsperm.Subscription(refusal)
	switch {
	case ok && s.holds(subject):
		s.Log.Error("NATS has refused a subscription that this server had, and no calls come by it; allow its user the subject and let it connect again", "subject", subject, "instance", s.Instance, "reason", refusal)
		return true
	case errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded):
		s.Log.Error("NATS takes no more subscriptions on this server's connection, and one that the server had may be among those refused; raise max_subscriptions and let it connect again", "instance", s.Instance, "reason", refusal)
	}
	return false
}

// Leave ends the subscriptions by which calls come, and returns once everything that had been sent to
// them is in the channel, or was lost with the connection.
func (s *Subscriptions) Leave(ctx context.Context) {
	s.Dropped() // while they say
	calls := slices.DeleteFunc(slices.Clone(s.made), func(sub *nats.Subscription) bool { return slices.Contains(s.control, sub) })
	if s.NC.IsConnected() {
		for _, sub := range calls {
			_ = sub.Drain() // fails only if the connection is closed, and then nothing comes
		}
		// Once the NATS server has answered, every message that it had sent before it
		// knew of the departure has arrived.
		ctx, cancel := context.WithTimeout(ctx, LeaveTime)
		_ = s.NC.FlushWithContext(ctx) // fails if the connection is lost, and the messages with it
		cancel()
	}
	s.Dropped()
	unsubscribe(calls)
}

// LeaveControl ends the others, once no call is in flight.
func (s *Subscriptions) LeaveControl() { unsubscribe(s.control) }

// unsubscribe ends subscriptions at once. A connection that is down, or went down meanwhile, would
// open them again when it comes back, for nobody.
func unsubscribe(all []*nats.Subscription) {
	for _, sub := range all {
		_ = sub.Unsubscribe()
	}
}

// StopWatching lets refusals be somebody else's to tell of.
func (s *Subscriptions) StopWatching() {
	if s.refused != nil {
		s.refused.Stop()
	}
}

// quoted puts texts into an error.
func quoted(list []string) string {
	for i, text := range list {
		list[i] = fmt.Sprintf("%q", text)
	}
	return strings.Join(list, ", ")
}

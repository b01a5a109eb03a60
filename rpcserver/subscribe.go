package rpcserver

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
)

// target is what a subject stands for.
type target struct {
	service *service
	method  *method       // nil on a subject for several methods
	refusal *helium.Error // not nil: nothing is served there
	control bool          // cancels come there
}

// addTargets fills in what the receiver, which hasn't started yet, knows of subjects.
func (s *Server) addTargets() {
	for _, svc := range s.services {
		if !s.config.PerMethod {
			s.targets[s.subjects.Service(svc.name)] = target{service: svc}
			s.targets[s.subjects.ServiceAt(svc.name, s.instance)] = target{service: svc}
		}
		for name, m := range svc.methods {
			s.targets[s.subjects.Method(svc.name, name)] = target{service: svc, method: m}
			s.targets[s.subjects.MethodAt(svc.name, s.instance, name)] = target{service: svc, method: m}
		}
		s.targets[s.subjects.Control(svc.name, s.instance)] = target{service: svc, control: true}
	}
}

// target returns what a subject stands for. Below the instance's own subject of a service
// anything may be asked for, so that a caller whose knowledge is old hears so at once.
func (s *Server) target(subject string) target {
	if to, ok := s.targets[subject]; ok {
		return to
	}
	for _, svc := range s.services {
		if method, ok := strings.CutPrefix(subject, s.subjects.ServiceAt(svc.name, s.instance)+"."); ok {
			return target{refusal: helium.ErrNoMethod.WithMessage("instance %s of service %q has no method %.64q", s.instance, svc.name, method)}
		}
	}
	// Only where calls of several methods aren't taken together.
	return target{refusal: helium.ErrNoMethod.WithMessage("instance %s serves nothing on %q; it takes calls on the subjects of methods only", s.instance, subject)}
}

// subscribe opens the server's subjects and waits until the NATS server has them all.
func (s *Server) subscribe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, defaultStart)
	defer cancel()
	refusal, err := natsperm.Confirm(ctx, s.nc, s.isSubscribed, s.joinAll)
	switch {
	case refusal != nil:
		return s.explainDenied(refusal)
	case err != nil:
		return errorf("the NATS server didn't confirm the subscriptions; see that the connection is up: %w", err)
	}
	s.standing.watch(s)
	return nil
}

// isSubscribed reports whether a subject is one that the server subscribes to.
func (s *Server) isSubscribed(subject string) bool {
	group, own := s.subscriptions()
	return slices.Contains(group, subject) || slices.Contains(own, subject)
}

// subscriptions returns the subjects that the server shares with the other instances, in
// the queue group, and those of its own.
func (s *Server) subscriptions() (group, own []string) {
	for _, svc := range s.services {
		if !s.config.PerMethod {
			group = append(group, s.subjects.Service(svc.name))
		}
		for method := range svc.methods {
			group = append(group, s.subjects.Method(svc.name, method))
		}
		own = append(own, s.subjects.ServiceAt(svc.name, s.instance), s.subjects.BelowAt(svc.name, s.instance), s.subjects.Control(svc.name, s.instance))
	}
	return group, own
}

func (s *Server) joinAll() error {
	group, own := s.subscriptions()
	for _, subject := range group {
		if err := s.join(subject, wire.QueueGroup); err != nil {
			return err
		}
	}
	for _, subject := range own {
		if err := s.join(subject, ""); err != nil {
			return err
		}
	}
	return nil
}

// join subscribes to one subject. All subscriptions deliver to the same channel, so
// that messages are received in the order in which they came.
func (s *Server) join(subject, queue string) error {
	sub, err := s.nc.ChanQueueSubscribe(subject, queue, s.inbound)
	if err != nil {
		return errorf("subscribing to %q: %w", subject, err)
	}
	s.subs = append(s.subs, sub)
	return nil
}

// explainDenied says what the connection's user has to be allowed.
func (s *Server) explainDenied(violation error) error {
	if errors.Is(violation, nats.ErrMaxSubscriptionsExceeded) {
		return errorf("the NATS server takes no more subscriptions of this connection, and the server needs %d of its own; raise max_subscriptions, or the user's limit: %w", len(s.subs), violation)
	}
	var allow []string
	for _, svc := range s.services {
		if !s.config.PerMethod {
			allow = append(allow, s.subjects.Service(svc.name))
		}
		allow = append(allow, s.subjects.Method(svc.name, "*"), s.subjects.At(svc.name), s.subjects.Control(svc.name, "*"))
	}
	return errorf("this connection's user may not serve here; allow it to subscribe to %s: %w", quoted(allow), violation)
}

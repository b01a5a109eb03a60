package rpcserver

import (
	"context"
	"errors"
	"fmt"
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
}

// addTargets fills in what the receiver, which hasn't started yet, knows of subjects.
func (s *Server) addTargets() {
	for _, svc := range s.services {
		if !s.config.PerMethod {
			s.targets[s.subjects.Service(svc.name)] = target{service: svc}
			s.targets[s.subjects.At(s.instance, svc.name, "")] = target{service: svc}
		}
		for name, m := range svc.methods {
			s.targets[s.subjects.Call(svc.name, name)] = target{service: svc, method: m}
			s.targets[s.subjects.At(s.instance, svc.name, name)] = target{service: svc, method: m}
		}
	}
}

// target returns what a subject stands for. Below the instance's own subject anything
// may be asked for, so that a caller whose knowledge is old hears so at once.
func (s *Server) target(subject string) target {
	if to, ok := s.targets[subject]; ok {
		return to
	}
	names := strings.TrimPrefix(subject, strings.TrimSuffix(s.subjects.AtAll(s.instance), ">"))
	name, method, _ := strings.Cut(names, ".")
	svc := slices.IndexFunc(s.services, func(svc *service) bool { return svc.name == name })
	switch {
	case svc < 0:
		return target{refusal: helium.ErrNoMethod.WithMessage("instance %s has no service %.64q", s.instance, name)}
	case method == "": // only where calls of several methods aren't taken together
		return target{refusal: helium.ErrNoMethod.WithMessage("instance %s serves nothing on %q; it takes calls on the subjects of methods only", s.instance, subject)}
	}
	return target{refusal: helium.ErrNoMethod.WithMessage("instance %s of service %q has no method %.64q", s.instance, name, method)}
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
		if told := s.nc.LastError(); s.nc.IsClosed() && told != nil { // such as a subject too long for max_control_line
			err = fmt.Errorf("%w: %w", told, err)
		}
		return errorf("the NATS server didn't confirm the subscriptions; see that the connection is up: %w", err)
	}
	s.standing.watch(s)
	return nil
}

// isSubscribed reports whether a subject is one that the server subscribes to.
func (s *Server) isSubscribed(subject string) bool {
	_, ok := s.targets[subject]
	return ok || subject == s.control || subject == s.subjects.AtAll(s.instance)
}

func (s *Server) joinAll() error {
	atInstance := s.subjects.AtAll(s.instance)
	for subject := range s.targets {
		if strings.HasPrefix(subject, strings.TrimSuffix(atInstance, ">")) {
			continue
		}
		if err := s.join(subject, wire.QueueGroup); err != nil {
			return err
		}
	}
	for _, subject := range []string{atInstance, s.control} {
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
		allow = append(allow, s.subjects.Call(svc.name, "*"))
	}
	allow = append(allow, s.subjects.AtAll("*"), s.subjects.Control("*"))
	return errorf("this connection's user may not serve here; allow it to subscribe to %s: %w", quoted(allow), violation)
}

func quoted(list []string) string {
	for i, text := range list {
		list[i] = fmt.Sprintf("%q", text)
	}
	return strings.Join(list, ", ")
}

package directory

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// names are methods' names without their service, and what they stand for.
type names struct {
	questions *questions

	mu    sync.RWMutex
	known map[string]bareName // guarded by mu
	epoch uint64              // guarded by mu; grows when a bare name may have become ambiguous
}

// bareName is what a method's name without its service stands for.
type bareName struct {
	service string
	epoch   uint64 // names.epoch when it was learnt; another one now: in doubt
}

// SplitName cuts "math.add" in two; of a bare name the service is "".
func SplitName(name string) (service, method string) {
	service, method, both := strings.Cut(name, ".")
	if !both {
		return "", service
	}
	return service, method
}

// checkName refuses what can't be called.
func checkName(name string) error {
	service, method, both := strings.Cut(name, ".")
	if !both {
		service, method = "", service
	}
	err := wire.CheckName("method", method)
	if both {
		err = errors.Join(wire.CheckName("service", service), err)
	}
	if err != nil {
		return helium.ErrBadName.WithMessage("%.100q can't be called: %w; call a method as \"math.add\"", name, err).WithOutcome(helium.NotExecuted)
	}
	return nil
}

// doubt has all bare names looked up again before they are used.
func (n *names) doubt() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.epoch++
}

// doubts returns how often that was so.
func (n *names) doubts() uint64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.epoch
}

func (n *names) count() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return len(n.known)
}

// resolve finds the service and the method of a name, "math.add" or bare "add".
func (n *names) resolve(ctx context.Context, name string) (service, method string, err error) {
	service, method = SplitName(name)
	if service == "" {
		if known, sure := n.serviceOf(method); sure {
			return known, method, nil
		}
	}
	if err := checkName(name); err != nil || service != "" {
		return service, method, err
	}
	service, err = n.ask(ctx, method)
	return service, method, err
}

// serviceOf returns what a bare name stood for when it was last looked up, and whether
// it is sure that it still does.
func (n *names) serviceOf(method string) (service string, sure bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	known, ok := n.known[method]
	return known.service, ok && known.epoch == n.epoch
}

// ask looks a bare name up. If no binder answers or knows it, it stands for what it
// did before: the call finds out.
func (n *names) ask(ctx context.Context, method string) (string, error) {
	q := n.questions
	if !q.begin() {
		return "", helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	}
	defer q.done()
	deadline, bounded := ctx.Deadline()
	usual := time.Now().Add(q.timeout)
	if !bounded {
		deadline = usual
	}
	known, _ := n.serviceOf(method)
	if known != "" {
		if usual.Before(deadline) {
			deadline = usual
		}
		deadline = time.Now().Add(time.Until(deadline) / 2) // leave some for the call
	}
	within, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	defer context.AfterFunc(q.life, cancel)()

	n.mu.RLock()
	epoch := n.epoch
	n.mu.RUnlock()
	entry, err := q.ask(within, method, q.binders.LookupMethod)
	switch {
	case err == nil:
		n.mu.Lock()
		defer n.mu.Unlock()
		n.known[method] = bareName{entry.Service, epoch}
		return entry.Service, nil
	case q.closed.Load():
		return "", helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	case ctx.Err() != nil:
		return "", ContextError(ctx.Err(), helium.NotExecuted)
	case known != "" && (IsOutage(err) || errors.Is(err, helium.ErrUnknownMethod)):
		return known, nil // if it has really gone, that is what the service is told
	case errors.Is(err, helium.ErrNoBinder):
		return "", helium.AsError(err).WithMessage("%s; only binders know what %q is; with its service, such as \"math.%s\", a method can be called without one", err, method, method)
	}
	return "", err
}

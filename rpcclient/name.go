package rpcclient

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// bareName is what a method's name without its service stands for.
type bareName struct {
	service string
	epoch   uint64 // core.namesEpoch when it was learnt; another one now: in doubt
}

// doubtNames has all bare names looked up again before they are used.
func (c *core) doubtNames() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.namesEpoch++
}

// splitName cuts "math.add" in two; of a bare name the service is "".
func splitName(name string) (service, method string) {
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

// resolve finds the service and the method of a name, "math.add" or bare "add".
func (c *core) resolve(ctx context.Context, name string) (service, method string, err error) {
	service, method = splitName(name)
	if service == "" {
		if known, sure := c.bareName(method); sure {
			return known, method, nil
		}
	}
	if err := checkName(name); err != nil || service != "" {
		return service, method, err
	}
	service, err = c.askBareName(ctx, method)
	return service, method, err
}

// bareName returns what a bare name stood for when it was last looked up, and whether
// it is sure that it still does.
func (c *core) bareName(method string) (service string, sure bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	known, ok := c.names[method]
	return known.service, ok && known.epoch == c.namesEpoch
}

// askBareName looks a bare name up. If no binder answers or knows it, it stands for what it
// did before: the call finds out.
func (c *core) askBareName(ctx context.Context, method string) (string, error) {
	if !c.begin() {
		return "", helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	}
	defer c.background.Done()
	deadline, bounded := ctx.Deadline()
	usual := time.Now().Add(c.config.Timeout)
	if !bounded {
		deadline = usual
	}
	known, _ := c.bareName(method)
	if known != "" {
		deadline = earlier(deadline, usual)
		deadline = time.Now().Add(time.Until(deadline) / 2) // leave some for the call
	}
	within, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()

	c.mu.RLock()
	epoch := c.namesEpoch
	c.mu.RUnlock()
	entry, err := c.question(within, method, c.registry.LookupMethod)
	switch {
	case err == nil:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.names[method] = bareName{entry.Service, epoch}
		return entry.Service, nil
	case c.closed.Load():
		return "", helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	case ctx.Err() != nil:
		return "", contextError(ctx.Err(), helium.NotExecuted)
	case known != "" && (isOutage(err) || errors.Is(err, helium.ErrUnknownMethod)):
		return known, nil // if it has really gone, that is what the service is told
	case errors.Is(err, helium.ErrNoBinder):
		return "", helium.AsError(err).WithMessage("%s; only binders know what %q is; with its service, such as \"math.%s\", a method can be called without one", err, method, method)
	}
	return "", err
}

// isOutage reports whether an error says nothing about what was asked.
func isOutage(err error) bool {
	switch helium.CodeOf(err) {
	case helium.CodeNotFound, helium.CodeUnimplemented, helium.CodeInvalidArgument, helium.CodePermissionDenied:
		return false
	}
	return true
}

package binder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// A Client speaks to the binders. It keeps nothing and starts nothing; one may be
// shared by any number of goroutines.
//
// Its methods return a *helium.Error that matches one of package helium's sentinels.
// One from a lookup or a list always has the outcome helium.NotExecuted; one from
// Register, Renew or End has it where it is certain that nothing was written.
type Client struct {
	nc       *nats.Conn
	subjects wire.Subjects
	requests *requester
}

// NewClient returns a client of the binders under a subject prefix; "" is "helium".
// It doesn't close nc. It is a [helium.ErrBadRegistryName] if that can't be a prefix, or if nc's inbox
// prefix is one that binders don't answer: it has to be _INBOX or to begin with "_INBOX.".
func NewClient(nc *nats.Conn, prefix string) (*Client, error) {
	if nc == nil {
		return nil, errors.New("binder.NewClient: the connection is nil; pass one from bus.Connect or broker.Connect")
	}
	subjects, err := wire.NewSubjects(prefix)
	if err != nil {
		return nil, helium.ErrBadRegistryName.WithMessage("binder.NewClient: %w", err)
	}
	if inbox := nc.NewInbox(); !wire.AllowedReply(inbox) {
		prefix, _, _ := strings.Cut(inbox, ".")
		return nil, helium.ErrBadRegistryName.WithMessage("binder.NewClient: this connection receives answers on %q, where Helium's binders and servers send none; connect with an inbox prefix that is _INBOX or begins with \"_INBOX.\", such as nats.CustomInboxPrefix(%q)", prefix+".>", "_INBOX."+strings.Trim(strings.TrimPrefix(prefix, "_INBOX"), "_"))
	}
	if err := headersMissing(nc); err != nil {
		return nil, fmt.Errorf("binder.NewClient: %w", err)
	}
	return &Client{nc: nc, subjects: subjects, requests: &requester{asker: asker{nc: nc, timeout: attemptTimeout}}}, nil
}

// Register writes a record, or overwrites it, and returns the lease: renew each third
// of it. Errors: [helium.ErrBadRegistryName], [helium.ErrBadRecord], [helium.ErrRecordTooLarge], [helium.ErrStoreUnavailable].
func (c *Client) Register(ctx context.Context, r Record) (lease time.Duration, err error) {
	// What can be seen from here needs no journey. Methods is copied: check fills in kinds.
	r.Methods = append([]Method{}, r.Methods...)
	if err := r.check(); err != nil {
		return 0, notExecuted(err)
	}
	if err := checkSignatures(&r); err != nil {
		return 0, notExecuted(err)
	}
	body, err := r.encode()
	if err != nil {
		return 0, notExecuted(err)
	}
	var reply leaseReply
	if err := c.requests.write(ctx, request{subject: c.subjects.Register(r.Service), body: body}.named(), &reply); err != nil {
		return 0, err
	}
	return reply.lease(), nil
}

// Renew starts an instance's lease anew and returns it. [helium.ErrUnknownInstance] means
// that the registry lost the record or let it expire: register again.
func (c *Client) Renew(ctx context.Context, service, instance string) (lease time.Duration, err error) {
	body, err := instanceBody(service, instance)
	if err != nil {
		return 0, err
	}
	var reply leaseReply
	if err := c.requests.write(ctx, request{subject: c.subjects.Renew(service), body: body}, &reply); err != nil {
		return 0, err
	}
	return reply.lease(), nil
}

// End removes an instance's record. Ending what isn't there is no error.
func (c *Client) End(ctx context.Context, service, instance string) error {
	body, err := instanceBody(service, instance)
	if err != nil {
		return err
	}
	return c.requests.write(ctx, request{subject: c.subjects.End(service), body: body}.named(), &endReply{})
}

func instanceBody(service, instance string) ([]byte, error) {
	if err := checkName("service", service); err != nil {
		return nil, notExecuted(err)
	}
	if err := checkName("instance", instance); err != nil {
		return nil, notExecuted(err)
	}
	return json.Marshal(instanceRequest{Instance: instance})
}

// Lookup finds "math", "math.add" or, while only one service has such a method,
// "add". Where a service has a bare name, the service is meant. Errors:
// [helium.ErrUnknownService], [helium.ErrUnknownMethod], [helium.ErrAmbiguousMethod], [helium.ErrNoBinder].
func (c *Client) Lookup(ctx context.Context, name string) (*Entry, error) {
	if err := checkLookup(name); err != nil {
		return nil, notExecuted(err)
	}
	return c.lookup(ctx, name, lookupRequest{})
}

// LookupMethod finds the service of a bare method name, even where a service has
// that name too. Errors: [helium.ErrUnknownMethod], [helium.ErrAmbiguousMethod], [helium.ErrNoBinder].
func (c *Client) LookupMethod(ctx context.Context, name string) (*Entry, error) {
	if err := checkName("method", name); err != nil {
		return nil, notExecuted(err)
	}
	return c.lookup(ctx, name, lookupRequest{Method: true})
}

func (c *Client) lookup(ctx context.Context, name string, request lookupRequest) (*Entry, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	var e Entry
	if err := c.requests.read(ctx, c.subjects.Lookup(name), body, &e); err != nil {
		return nil, err
	}
	if len(e.Records) == 0 {
		return nil, notExecuted(helium.Errorf(helium.CodeInternal, "the binder found %q and sent no record; a record may be larger than a message", name))
	}
	return &e, nil
}

// List returns all records, ordered by service, then instance. It asks in as many
// pages as it takes; records that come or go meanwhile may be in it or not.
func (c *Client) List(ctx context.Context) ([]Record, error) {
	var all []Record
	for after := ""; ; {
		body, err := json.Marshal(listRequest{After: after})
		if err != nil {
			return nil, err
		}
		var page listPage
		if err := c.requests.read(ctx, c.subjects.List(), body, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Records...)
		if !page.More {
			return all, nil
		}
		if len(page.Records) == 0 || page.Records[len(page.Records)-1].key() == after {
			return nil, notExecuted(helium.Errorf(helium.CodeInternal, "the binder's list doesn't come to an end after %q", after))
		}
		after = page.Records[len(page.Records)-1].key()
	}
}

// Watch calls handle for each change of the records of a service, or of all with "",
// until stop is called. Calls come one at a time, in order for each record, once
// however many binders run. Changes made before Watch returned may be missing, so
// look up after it, not before. Events can be lost, while the connection is down for
// one: treat them as a hint to look again, and look again now and then without one.
//
// Without a connection, Watch fails at once with [helium.ErrNotConnected].
//
// stop waits for nothing; a call of handle that is under way may outlast it.
func (c *Client) Watch(service string, handle func(Event)) (stop func(), err error) {
	if handle == nil {
		return nil, notExecuted(helium.ErrBadRequest.WithMessage("binder.Client.Watch: handle is nil; pass a function that gets the events"))
	}
	token := "*"
	if service != "" {
		if err := checkName("service", service); err != nil {
			return nil, notExecuted(err)
		}
		token = service
	}
	return watchEvents(c.nc, c.subjects, token, handle)
}

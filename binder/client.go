package binder

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// requestTimeout bounds a request whose context has no deadline.
	requestTimeout = 10 * time.Second
	// attemptTimeout bounds one attempt, so that a binder that is frozen or was killed
	// with the request in its hands costs a while and not the whole deadline: the next
	// attempt reaches another binder. It is longer than a binder waits for its store.
	attemptTimeout = 4 * time.Second
)

// A Client speaks to the binders. It keeps nothing and starts nothing; one may be
// shared by any number of goroutines.
//
// Its methods return a *helium.Error that matches one of this package's sentinels.
// One from a lookup or a list always has the outcome helium.NotExecuted; one from
// Register, Renew or End has it where it is certain that nothing was written.
type Client struct {
	nc       *nats.Conn
	subjects wire.Subjects
	attempt  time.Duration // attemptTimeout, but for tests
}

// NewClient returns a client of the binders under a subject prefix; "" is "helium".
// It doesn't close nc. It is an [helium.ErrBadRegistryName] if that can't be a prefix, or if nc's inbox
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
	return &Client{nc: nc, subjects: subjects, attempt: attemptTimeout}, nil
}

// Register writes a record, or overwrites it, and returns the lease: renew each third
// of it. Errors: [helium.ErrBadRegistryName], [helium.ErrBadRecord], [helium.ErrRecordTooLarge], [helium.ErrStoreUnavailable].
func (c *Client) Register(ctx context.Context, r Record) (lease time.Duration, err error) {
	// What can be seen from here needs no journey. Methods is copied: check fills in kinds.
	r.Methods = append([]Method{}, r.Methods...)
	if err := r.check(); err != nil {
		return 0, notExecuted(err)
	}
	if err := r.checkSignatures(); err != nil {
		return 0, notExecuted(err)
	}
	body, err := r.encode()
	if err != nil {
		return 0, notExecuted(err)
	}
	var reply leaseReply
	if err := c.write(ctx, c.subjects.Register(r.Service), body, &reply); err != nil {
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
	if err := c.write(ctx, c.subjects.Renew(service), body, &reply); err != nil {
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
	return c.write(ctx, c.subjects.End(service), body, &endReply{})
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

// An Entry is the answer to a lookup.
type Entry struct {
	// Service is the one that was looked up, or that has the method.
	Service string `json:"service"`
	// Method is empty where a whole service was looked up.
	Method string `json:"method,omitempty"`
	// Records are the service's instances, only those with the method if there is one,
	// ordered by instance. There is at least one.
	Records []Record `json:"records"`
	// Omitted counts records left out because the answer would not fit a message.
	Omitted int `json:"omitted,omitempty"`
	// Revision is the registry's: events up to it are already in this answer.
	Revision uint64 `json:"revision"`
}

// Lookup finds "math", "math.add" or, while only one service has such a method,
// "add". Where a service has a bare name, the service is meant. Errors:
// [helium.ErrUnknownService], [helium.ErrUnknownMethod], [helium.ErrAmbiguousMethod], [helium.ErrNoBinder].
func (c *Client) Lookup(ctx context.Context, name string) (*Entry, error) {
	service, method, both := strings.Cut(name, ".")
	if err := checkName("service or method", service); err != nil {
		return nil, notExecuted(err)
	}
	if both {
		if err := checkName("method", method); err != nil {
			return nil, notExecuted(err)
		}
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
	if err := c.read(ctx, c.subjects.Lookup(name), body, &e); err != nil {
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
		if err := c.read(ctx, c.subjects.List(), body, &page); err != nil {
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

// read is a request that changes nothing.
func (c *Client) read(ctx context.Context, subject string, body []byte, reply answer) error {
	if err := c.request(ctx, subject, body, reply); err != nil {
		return notExecuted(err)
	}
	return nil
}

// write is a request that changes the registry.
func (c *Client) write(ctx context.Context, subject string, body []byte, reply answer) error {
	err := c.request(ctx, subject, body, reply)
	if err == nil {
		return nil
	}
	e := helium.AsError(err)
	switch {
	case errors.Is(e, helium.ErrNoBinder), errors.Is(e, helium.ErrNotConnected), errors.Is(e, helium.ErrRegistryNotPermitted):
		return e // request knows whether an attempt was sent
	case errors.Is(e, helium.ErrNotBinder):
		return e.WithOutcome(helium.Unknown) // a binder may have had it as well
	case e.Code == helium.CodeUnavailable, e.Code == helium.CodeDeadlineExceeded, e.Code == helium.CodeCanceled,
		e.Code == helium.CodeInternal, e.Code == helium.CodeUnknown:
		return e.WithOutcome(helium.Unknown)
	}
	return e.WithOutcome(helium.NotExecuted)
}

// request sends a request and reads its answer. All requests of this package may be
// made twice, so one that gets no answer is, while there is time.
func (c *Client) request(ctx context.Context, subject string, body []byte, reply answer) error {
	if ctx == nil {
		return helium.ErrBadRequest.WithMessage("the context is nil; pass context.Background()").WithOutcome(helium.NotExecuted)
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	if limit := c.nc.MaxPayload(); limit > 0 && int64(len(body)) > limit {
		return helium.ErrRecordTooLarge.WithMessage("the record is %d bytes long; a message of this NATS server holds %d (max_payload)", len(body), limit)
	}
	outcome := helium.NotExecuted // until an attempt was sent and not answered
	began := time.Now()
	for {
		m, lost, err := c.send(ctx, subject, body)
		switch {
		case errors.Is(err, helium.ErrRegistryNotPermitted):
			return err
		case err == nil:
			if e := readAnswer(m, subject, reply); e != nil {
				return e
			}
			return nil
		case lost:
			return helium.ErrNotConnected.WithMessage("the connection to NATS was lost while the binder was asked; ask again once it is back").WithOutcome(helium.Unknown)
		case errors.Is(err, nats.ErrNoResponders):
			return helium.ErrNoBinder.WithMessage("no binder answers on %s; start one with binder.Start, as examples/binder does", subject).WithOutcome(outcome)
		case ctx.Err() != nil:
			return silence(ctx.Err(), subject, time.Since(began))
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
			outcome = helium.Unknown
		default:
			return helium.ErrNotConnected.WithMessage("not connected to NATS (%w); see that the broker runs and that its address is right", err).WithOutcome(outcome)
		}
	}
}

// silence is the error of a request that nobody answered until its time was over. That
// nobody listens NATS says at once, so somebody does.
func silence(over error, subject string, waited time.Duration) *helium.Error {
	const what = "the binder didn't answer on %s within %v, though somebody listens there: a binder that is frozen or busy, see its log, or another program on the binder's subjects: %w"
	waited = waited.Round(time.Millisecond)
	if errors.Is(over, context.Canceled) {
		return helium.Errorf(helium.CodeCanceled, what, subject, waited, over)
	}
	return helium.ErrNoBinderAnswer.WithMessage(what, subject, waited, over)
}

// send makes one attempt. lost says that the connection went meanwhile: no answer can
// come any more.
//
// The answer comes to an inbox of the attempt's own: to the one that nats.go keeps for all
// requests of a connection, NATS would refuse to listen only once, and all later requests
// would wait in vain.
func (c *Client) send(ctx context.Context, subject string, body []byte) (m *nats.Msg, lost bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.attempt)
	defer cancel()
	inbox := c.nc.NewInbox()
	ctx, refused := c.watchRefusals(ctx, subject, inbox)
	defer refused(nil)
	gone := c.nc.StatusChanged(nats.RECONNECTING, nats.DISCONNECTED, nats.CLOSED)
	watched := make(chan bool, 1)
	go func() {
		_, told := <-gone // closed below, or by then told
		watched <- told
		cancel()
	}()
	m, err = c.ask(ctx, subject, inbox, body)
	c.nc.RemoveStatusListener(gone)
	lost = <-watched && err != nil
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, helium.ErrRegistryNotPermitted) {
		return nil, lost, cause
	}
	return m, lost, err
}

func (c *Client) ask(ctx context.Context, subject, inbox string, body []byte) (*nats.Msg, error) {
	sub, err := c.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only if the connection is closed
	if err := c.nc.PublishRequest(subject, inbox, body); err != nil {
		return nil, err
	}
	return sub.NextMsgWithContext(ctx)
}

func notExecuted(err error) error { return helium.AsError(err).WithOutcome(helium.NotExecuted) }

package diagnose

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/internal/wire"
)

// store is the JetStream bucket that keeps the registry, as docs/protocol.md describes
// it. Binders own it; this command only looks, where its user may.
type store struct {
	nc     *nats.Conn
	prober *probe.Prober
	name   string // "helium_registry"
}

var (
	// errNotAllowed: the connection's user may not look.
	errNotAllowed = errors.New("this user may not look into the registry's bucket")
	errNoStore    = errors.New("JetStream isn't enabled on the NATS server, or not for this account")
)

func newStore(nc *nats.Conn, prober *probe.Prober, subjects wire.Subjects) *store {
	return &store{nc: nc, prober: prober, name: strings.ReplaceAll(subjects.Prefix(), ".", "_") + "_registry"}
}

func (s *store) stream() string { return "KV_" + s.name }

// mayAsk returns errNotAllowed where a request would wait for its answer in vain.
func (s *store) mayAsk(ctx context.Context, subject string) error {
	denied, err := s.prober.MayPublish(ctx, subject)
	if denied != nil {
		return errNotAllowed
	}
	return err
}

// open returns the bucket's stream, with what its leader says of it now. Errors:
// errNotAllowed, errNoStore, jetstream.ErrStreamNotFound.
func (s *store) open(ctx context.Context) (jetstream.Stream, *jetstream.StreamInfo, error) {
	if err := s.mayAsk(ctx, "$JS.API.STREAM.INFO."+s.stream()); err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(s.nc)
	if err != nil {
		return nil, nil, err
	}
	stream, err := js.Stream(ctx, s.stream())
	if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		err = errNoStore
	}
	if err != nil {
		return nil, nil, err
	}
	return stream, stream.CachedInfo(), nil
}

// renewed returns how long ago an instance wrote its record, by the server's clock.
// Errors: errNotAllowed, jetstream.ErrMsgNotFound.
func (s *store) renewed(ctx context.Context, stream jetstream.Stream, service, instance string) (time.Duration, error) {
	subject := "$KV." + s.name + "." + service + "." + instance
	if err := s.mayAsk(ctx, "$JS.API.DIRECT.GET."+s.stream()+"."+subject); err != nil {
		return 0, err
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return 0, err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return 0, err
	}
	return max(0, info.TimeStamp.Sub(msg.Time)), nil
}

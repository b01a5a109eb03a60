package bus

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

const (
	// pingInterval and pingsOut notice a frozen server: nothing heard for three
	// intervals, and the connection moves on.
	pingInterval = 2 * time.Second
	pingsOut     = 2
)

// firstConnect is how long Connect tries under a context without a deadline.
const firstConnect = 5 * time.Second

// Connect returns a connection that keeps Helium's rules; see the package's
// documentation. The caller closes it. ctx bounds connecting only; without a
// deadline it is 5 s, or with Config.Wait for ever.
//
// An error says what to change. It wraps nats.ErrNoServers when nothing could be
// reached, nats.ErrAuthorization when the server refused the credentials, nats.ErrTLS
// when the handshake failed, and the context's error when that ended first.
func Connect(ctx context.Context, config Config) (*nats.Conn, error) {
	if ctx == nil {
		return nil, errors.New("bus: the context is nil; pass context.Background()")
	}
	t, err := newTarget(config)
	if err != nil {
		return nil, err
	}
	if config.Wait {
		return waitAndConnect(ctx, config, t)
	}
	return connectOnce(ctx, config, t)
}

// connectOnce tries each server once.
func connectOnce(ctx context.Context, config Config, t *target) (*nats.Conn, error) {
	ctx, cancel := withDefaultDeadline(ctx)
	defer cancel()
	if ctx.Err() != nil {
		return nil, explain(ctx, t, ctx.Err(), "")
	}
	dial := newDialer(ctx, len(t.servers), config.InProcess)
	dial.connect = t.connect
	defer dial.done()
	options := nats.GetDefaultOptions()
	for _, set := range natsOptions(config, t, dial) {
		if err := set(&options); err != nil {
			return nil, helium.ConfigErrorf("bus", "an option of nats.go doesn't fit: %w; check {Config.Options}", err)
		}
	}
	if err := checkInboxPrefix(options.InboxPrefix); err != nil {
		return nil, err // nats.CustomInboxPrefix is among the Options
	}
	if options.InProcessServer == dial || options.InProcessServer == nil && options.CustomDialer == dial {
		dial.silence = borneSilence(&options)
	}
	seeker := scoutFor(&options, dial, t)
	nc, err := options.Connect()
	seeker.nc.Store(nc)
	if err != nil {
		return nil, explain(ctx, t, err, dial.story())
	}
	if ctx.Err() != nil {
		// The dialer may have closed the socket just after the handshake.
		nc.Close()
		return nil, explain(ctx, t, ctx.Err(), "")
	}
	return nc, nil
}

// waitAndConnect tries until a server is there, the context ends, or the answer is
// one that waiting won't change.
func waitAndConnect(ctx context.Context, config Config, t *target) (*nats.Conn, error) {
	const remind = 30 * time.Second
	var lastLog time.Time
	for attempt := 1; ; attempt++ {
		once, cancel := context.WithTimeoutCause(ctx, firstConnect, errNoAnswer)
		nc, err := connectOnce(once, config, t)
		cancel()
		switch {
		case err == nil:
			if !lastLog.IsZero() {
				t.logger.Info("the broker is there", "url", redactRaw(nc.ConnectedUrl()))
			}
			return nc, nil
		case ctx.Err() != nil:
			return nil, explain(ctx, t, ctx.Err(), "")
		case !passing(err):
			return nil, err
		}
		if time.Since(lastLog) >= remind {
			lastLog = time.Now()
			t.logger.Info("waiting for the broker", "url", t.shown, "reason", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryDelay(attempt)):
		}
	}
}

// withDefaultDeadline bounds a context that has no deadline of its own.
func withDefaultDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, firstConnect, errNoAnswer)
}

var errNoAnswer = errors.New("no answer within " + firstConnect.String())

// natsOptions are Helium's rules as nats.go's options.
func natsOptions(config Config, t *target, dial *dialer) []nats.Option {
	options := []nats.Option{
		func(o *nats.Options) error { o.Servers = t.servers; return nil },
		nats.Name(t.name),
		nats.Timeout(handshakeTimeout),
		nats.SetCustomDialer(dial),
		nats.SkipHostLookup(), // the dialer does it, within the context

		// A server that restarts or changes its users must find everyone again.
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectBufSize(-1), // nothing is sent late

		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(pingsOut),
		nats.FlusherTimeout(writeTimeout),
		nats.ReconnectOnFlusherError(),
	}
	if config.InProcess != nil {
		options = append(options, nats.InProcessServer(dial), nats.Timeout(inProcessTimeout+handshakeTimeout-dialTimeout))
	}
	if config.TLS != nil {
		options = append(options, nats.Secure(config.TLS.Clone()))
	}
	if t.inboxPrefix != "" {
		options = append(options, nats.CustomInboxPrefix(t.inboxPrefix))
	}
	if t.credentials != nil {
		options = append(options, t.credentials)
	}
	options = append(options, newReporter(t.logger).options()...)
	return append(options, config.Options...)
}

// scoutFor sets how a connection that was lost is made again. Whatever Config.Options say of
// that stands.
func scoutFor(o *nats.Options, dial *dialer, t *target) *scout {
	s := &scout{connect: t.connect, configured: t.servers, silence: dial.silence}
	if o.CustomReconnectDelayCB != nil {
		return s
	}
	o.CustomReconnectDelayCB = retryDelay
	if o.CustomDialer == dial && o.InProcessServer == nil && o.ReconnectToServerCB == nil {
		s.opening = openingFor(o, t.servers)
		o.CustomReconnectDelayCB = s.pause
		dial.again = s.take
	}
	return s
}

// passing reports whether an error may go away by waiting: a server that isn't
// there may come, one that refuses will refuse again.
func passing(err error) bool {
	for _, final := range []error{
		nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired,
		nats.ErrTLS, nats.ErrSecureConnWanted, nats.ErrSecureConnRequired, nats.ErrNkeysNotSupported,
	} {
		if errors.Is(err, final) {
			return false
		}
	}
	return errors.Is(err, nats.ErrNoServers) || errors.Is(err, context.DeadlineExceeded) || isUnreachable(err) || pinged(err)
}

// pinged reports whether the server's first ping came in the middle of the handshake,
// because the client took some seconds for it. nats.go takes no ping there.
func pinged(err error) bool { return strings.Contains(err.Error(), "expected 'PONG', got 'PING'") }

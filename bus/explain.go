package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

// explain turns an error of nats.go's into one that says what to do. Story is what the
// dialer saw.
func explain(ctx context.Context, t *target, err error, story string) error {
	if refusedByAlert(err) {
		err = fmt.Errorf("%w: %v", nats.ErrTLS, err)
	}
	switch {
	case ctx.Err() != nil && story == "":
		return fmt.Errorf("bus: gave up connecting to %s: %w", t.shown, context.Cause(ctx))
	case ctx.Err() != nil:
		return helium.ConfigErrorf("bus", "gave up connecting to %s (%s): %w"+hintUnreachable, t.shown, story, context.Cause(ctx))
	case errors.Is(err, nats.ErrAuthorization) && !t.hasIdentity:
		return helium.ConfigErrorf("bus", "%s wants credentials and the Config has none: %w; set {User} and {Password}, {Token}, {NKeySeed} or {Credentials}", t.shown, err)
	case errors.Is(err, nats.ErrAuthorization) && t.user != "":
		return fmt.Errorf("bus: %s refused user %q: %w; check the name and the password", t.shown, t.user, err)
	case errors.Is(err, nats.ErrAuthorization):
		return fmt.Errorf("bus: %s refused the credentials: %w; check that they belong to this server", t.shown, err)
	case errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired):
		return fmt.Errorf("bus: the credentials are no longer good at %s: %w; fetch new ones", t.shown, err)
	case errors.Is(err, nats.ErrNkeysNotSupported):
		return fmt.Errorf("bus: %s has no nkey users: %w; use the kind of credentials that the server knows", t.shown, err)
	case errors.Is(err, nats.ErrSecureConnWanted):
		return helium.ConfigErrorf("bus", "%s doesn't offer TLS: %w; give the server a certificate, or drop {Config.TLS} and the tls scheme", t.shown, err)
	case errors.Is(err, nats.ErrTLS):
		return helium.ConfigErrorf("bus", "TLS with %s failed: %w; set {Config.TLS} with RootCAs that know the server's certificate, and Certificates if the server asks for one", t.shown, err)
	case errors.Is(err, nats.ErrNoServers), isUnreachable(err):
		if story == "" {
			story = "a server took the connection but didn't finish the handshake; look at its log"
		}
		return helium.ConfigErrorf("bus", "can't reach %s: %w (%s)"+hintUnreachable, t.shown, err, story)
	}
	return fmt.Errorf("bus: can't connect to %s: %w", t.shown, err)
}

const hintUnreachable = "; start a NATS server there, such as with \"nats-server -js\" or broker.Start, or point {Config.URL} or NATS_URL at one"

// refusedByAlert reports that the server ended the TLS connection with a reason of TLS's
// own. A client of TLS 1.3 hears of a certificate that it should have sent, or that isn't
// trusted, only after its own handshake, when nats.go takes it for an error of the network.
func refusedByAlert(err error) bool {
	told, ok := errors.AsType[*net.OpError](err)
	return ok && told.Op == "remote error" && strings.HasPrefix(told.Err.Error(), "tls: ")
}

// isUnreachable reports an error of the network, as opposed to an answer. A server's word
// that the handshake took too long is none about the credentials.
func isUnreachable(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) ||
		strings.Contains(strings.ToLower(err.Error()), "authentication timeout")
}

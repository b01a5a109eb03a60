package link

import (
	"strings"

	"github.com/nats-io/nats.go"
)

// IsEncrypted reports whether a connection to NATS is encrypted, or has to be.
func IsEncrypted(nc *nats.Conn) bool {
	_, err := nc.TLSConnectionState()
	return err == nil || nc.TLSRequired() || nc.Opts.Secure || strings.HasPrefix(nc.ConnectedUrl(), "wss:")
}

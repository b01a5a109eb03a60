package binder

import (
	"errors"

	"github.com/nats-io/nats.go"
)

// headersMissing returns that the NATS server has headers turned off, as far as can be seen. It says by
// one that nobody listens, and JetStream by others what it did: every question would wait for its end.
func headersMissing(nc *nats.Conn) error {
	if !nc.IsConnected() || nc.HeadersSupported() {
		return nil
	}
	return errors.New("this NATS server has headers turned off, without which it doesn't say when nobody listens; take no_header_support out of its configuration")
}

package broker

import (
	"context"
	"crypto/tls"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/helium-rpc/helium"
)

// planClients writes into the options of the server where it listens for clients, and returns
// it; nil: nowhere.
func planClients(ctx context.Context, config Config, opts *server.Options) (*address, error) {
	if config.Listen == "" {
		if config.TLS != nil {
			return nil, helium.NewConfigError("broker", "{TLS} is set and nothing listens; set {Listen} too, such as \"127.0.0.1:4222\"")
		}
		opts.DontListen = true
		return nil, nil
	}
	at, err := resolve(ctx, "Listen", config.Listen)
	if err != nil {
		return nil, err
	}
	if !at.loopback {
		var missing string
		switch authentication := len(config.Users) > 0 || config.Token != ""; {
		case config.TLS == nil && !authentication:
			missing = "{TLS}, and {Users} or {Token}"
		case config.TLS == nil:
			missing = "{TLS}"
		case !authentication:
			missing = "{Users} or {Token}"
		}
		if missing != "" {
			return nil, helium.ConfigErrorf("broker", "{Listen} %q can be reached from other machines; set "+missing+", or listen on 127.0.0.1", config.Listen)
		}
	}
	if err := checkCertificate("TLS", config.TLS); err != nil {
		return nil, err
	}
	if _, err := at.free(ctx, "Listen"); err != nil {
		return nil, err
	}
	opts.Host, opts.Port = at.hostAndPort()
	if config.TLS != nil {
		opts.TLS, opts.TLSConfig = true, config.TLS.Clone()
		opts.TLSVerify = config.TLS.ClientAuth == tls.RequireAndVerifyClientCert
	}
	return &at, nil
}

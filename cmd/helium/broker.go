package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/helium-rpc/helium/bus/broker"
)

func newBrokerCommand(a *app) *cobra.Command {
	var flags brokerFlags
	cmd := &cobra.Command{
		Use:   "broker",
		Short: "Run a NATS server with JetStream, and nothing else",
		Long: `Run a NATS server with JetStream, and nothing else.

With --user and --password, or --token, only who knows them may connect; with
--tlscert and --tlskey it offers TLS, and with --tlsca clients need certificates
that those vouch for. Beyond loopback it takes both TLS and credentials.`,
		Example: "  helium broker --listen 127.0.0.1:4222 --dir data",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := a.startBroker(cmd.Context(), flags)
			if err != nil {
				return err
			}
			defer b.Close()
			a.announce(onlineAt{URL: b.URL(), Websocket: b.WebsocketURL()}, b.URL(), func() {
				fmt.Fprintf(a.out, "Broker Online at %s\n", addresses(b))
			})
			a.serve(cmd.Context())
			return nil
		},
	}
	flags.register(cmd.Flags())
	return cmd
}

// onlineAt is what "helium broker -o json" prints once clients can connect, and a
// binder once it answers.
type onlineAt struct {
	URL       string `json:"url"`
	Websocket string `json:"websocket,omitempty"`
}

// addresses are where clients connect, for people.
func addresses(b *broker.Broker) string {
	if b.WebsocketURL() == "" {
		return b.URL()
	}
	return b.URL() + " and " + b.WebsocketURL()
}

// brokerFlags say where a broker of this process listens and keeps its data.
type brokerFlags struct {
	listen, dir string
	websocket   string
	origins     []string
}

const defaultListen = "127.0.0.1:4222"

func (f *brokerFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.listen, "listen", defaultListen, "`address` where clients connect; port 0 takes a free one")
	flags.StringVar(&f.dir, "dir", "", "`folder` that keeps the registry over restarts (default: a temporary one)")
	flags.StringVar(&f.websocket, "websocket", "", "`address` where clients connect by websocket; port 0 takes a free one (default: nowhere)")
	flags.StringSliceVar(&f.origins, "origin", nil, "`sites` whose pages may connect by websocket, such as https://console.example.com")
}

// startBroker starts a broker. The flags that say as whom to connect say here who may.
func (a *app) startBroker(ctx context.Context, flags brokerFlags) (*broker.Broker, error) {
	if err := a.checkBrokerFlags(flags); err != nil {
		return nil, err
	}
	cfg := broker.Config{Listen: flags.listen, Dir: flags.dir, Logger: a.logger()}
	c := &a.connection
	if c.user != "" {
		cfg.Users = []broker.User{{Name: c.user, Password: c.password}}
	}
	cfg.Token = c.token
	if flags.websocket != "" {
		cfg.Websocket = &broker.Websocket{Listen: flags.websocket, AllowedOrigins: flags.origins}
	}
	if err := a.offerTLS(&cfg); err != nil {
		return nil, err
	}
	b, err := broker.Start(ctx, cfg)
	if err != nil && errors.Unwrap(err) == nil {
		return nil, fail(exitUsage, "", err)
	}
	if err != nil {
		return nil, fail(exitInternal, "another --listen, such as 127.0.0.1:0, or another --dir", err)
	}
	return b, nil
}

// checkBrokerFlags refuses flags that would say nothing to a broker.
func (a *app) checkBrokerFlags(flags brokerFlags) error {
	c := &a.connection
	for _, flag := range []string{"server", "context", "creds", "nkey"} {
		if c.flags.Changed(flag) {
			return fail(exitUsage, "", fmt.Errorf("--%s says how to connect, and this is what others connect to; give --user with --password or --token, and --listen", flag))
		}
	}
	switch {
	case flags.listen == "":
		return fail(exitUsage, "", errors.New("--listen is empty; give an address such as 127.0.0.1:4222, with port 0 for a free one"))
	case c.password != "" && c.user == "":
		return fail(exitUsage, "", errors.New("there is --password and no --user; give both, or --token"))
	case len(flags.origins) > 0 && flags.websocket == "":
		return fail(exitUsage, "", errors.New("--origin is for --websocket; give both"))
	case c.tlsCA != "" && c.tlsCert == "" && c.tlsKey == "":
		return fail(exitUsage, "", errors.New("--tlsca asks clients for certificates, and needs --tlscert with --tlskey; give all three"))
	}
	return nil
}

func (a *app) offerTLS(cfg *broker.Config) error {
	c := &a.connection
	if c.tlsCert == "" && c.tlsKey == "" {
		return nil
	}
	if c.tlsCert == "" || c.tlsKey == "" {
		return fail(exitUsage, "", errors.New("--tlscert and --tlskey belong together; give both"))
	}
	pair, err := tls.LoadX509KeyPair(c.tlsCert, c.tlsKey)
	if err != nil {
		return fail(exitUsage, "", fmt.Errorf("--tlscert %s, --tlskey %s: %w", c.tlsCert, c.tlsKey, err))
	}
	cfg.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if cfg.Websocket != nil {
		cfg.Websocket.TLS = cfg.TLS.Clone()
	}
	if c.tlsCA == "" {
		return nil
	}
	if cfg.TLS.ClientCAs, err = certificates(c.tlsCA); err != nil {
		return err
	}
	cfg.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	return nil
}

// certificates reads the file that --tlsca names.
func certificates(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fail(exitUsage, "", fmt.Errorf("--tlsca: %w", err))
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fail(exitUsage, "", fmt.Errorf("--tlsca %s holds no certificate in PEM; give a file of \"-----BEGIN CERTIFICATE-----\" blocks", path))
	}
	return pool, nil
}

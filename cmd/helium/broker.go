package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func newBrokerCommand(env *cli.Env) *cobra.Command {
	var flags brokerFlags
	cmd := &cobra.Command{
		Use:   "broker",
		Short: "Run a NATS server with JetStream, and nothing else",
		Long: `Run a NATS server with JetStream, and nothing else.

With --user and --password, or --token, only who knows them may connect; with
--tlscert and --tlskey it offers TLS, and with --tlsca clients need certificates
that those vouch for. Beyond loopback it takes both TLS and credentials.`,
		Example: "  helium broker --listen 127.0.0.1:4222 --dir data",
		Args:    cli.Words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := startBroker(cmd.Context(), env, flags)
			if err != nil {
				return err
			}
			defer b.Close()
			env.Announce(onlineAt{URL: b.URL(), Websocket: b.WebsocketURL()}, b.URL(), func() {
				fmt.Fprintf(env.Out, "Broker Online at %s\n", addresses(b))
			})
			env.Serve(cmd.Context())
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
func startBroker(ctx context.Context, env *cli.Env, flags brokerFlags) (*broker.Broker, error) {
	if err := checkBrokerFlags(env, flags); err != nil {
		return nil, err
	}
	cfg := broker.Config{Listen: flags.listen, Dir: flags.dir, Logger: env.Logger()}
	c := env.Connection
	if c.User != "" {
		cfg.Users = []broker.User{{Name: c.User, Password: c.Password}}
	}
	cfg.Token = c.Token
	if flags.websocket != "" {
		cfg.Websocket = &broker.Websocket{Listen: flags.websocket, AllowedOrigins: flags.origins}
	}
	if err := offerTLS(env, &cfg); err != nil {
		return nil, err
	}
	b, err := broker.Start(ctx, cfg)
	if err != nil && errors.Unwrap(err) == nil {
		return nil, cli.Fail(cli.ExitUsage, "", err)
	}
	if err != nil {
		return nil, cli.Fail(cli.ExitInternal, "another --listen, such as 127.0.0.1:0, or another --dir", err)
	}
	return b, nil
}

// checkBrokerFlags refuses flags that would say nothing to a broker.
func checkBrokerFlags(env *cli.Env, flags brokerFlags) error {
	c := env.Connection
	for _, flag := range []string{"server", "context", "creds", "nkey"} {
		if c.Given(flag) {
			return cli.Fail(cli.ExitUsage, "", fmt.Errorf("--%s says how to connect, and this is what others connect to; give --user with --password or --token, and --listen", flag))
		}
	}
	switch {
	case flags.listen == "":
		return cli.Fail(cli.ExitUsage, "", errors.New("--listen is empty; give an address such as 127.0.0.1:4222, with port 0 for a free one"))
	case c.Password != "" && c.User == "":
		return cli.Fail(cli.ExitUsage, "", errors.New("there is --password and no --user; give both, or --token"))
	case len(flags.origins) > 0 && flags.websocket == "":
		return cli.Fail(cli.ExitUsage, "", errors.New("--origin is for --websocket; give both"))
	case c.TLSCA != "" && c.TLSCert == "" && c.TLSKey == "":
		return cli.Fail(cli.ExitUsage, "", errors.New("--tlsca asks clients for certificates, and needs --tlscert with --tlskey; give all three"))
	}
	return nil
}

func offerTLS(env *cli.Env, cfg *broker.Config) error {
	c := env.Connection
	if c.TLSCert == "" && c.TLSKey == "" {
		return nil
	}
	if c.TLSCert == "" || c.TLSKey == "" {
		return cli.Fail(cli.ExitUsage, "", errors.New("--tlscert and --tlskey belong together; give both"))
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return cli.Fail(cli.ExitUsage, "", fmt.Errorf("--tlscert %s, --tlskey %s: %w", c.TLSCert, c.TLSKey, err))
	}
	cfg.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if cfg.Websocket != nil {
		cfg.Websocket.TLS = cfg.TLS.Clone()
	}
	if c.TLSCA == "" {
		return nil
	}
	if cfg.TLS.ClientCAs, err = cli.Certificates(c.TLSCA); err != nil {
		return err
	}
	cfg.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	return nil
}

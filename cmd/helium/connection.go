package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/pflag"
	"github.com/synadia-io/orbit.go/natscontext"

	"github.com/helium-rpc/helium/bus"
)

// connection is where and as whom to connect, as NATS users expect: the flags of the
// nats command, its environment variables, and the contexts that it keeps.
type connection struct {
	server, context        string
	creds, nkey            string
	user, password, token  string
	tlsCert, tlsKey, tlsCA string
	timeout                time.Duration
	prefix                 string
	flags                  *pflag.FlagSet
	environ                func(string) string // os.Getenv
	loadContext            func(name string) (nats.Options, error)
}

// variables are the environment's, by flag. Flags stand over them.
var variables = map[string]string{
	"creds": "NATS_CREDS", "nkey": "NATS_NKEY",
	"user": "NATS_USER", "password": "NATS_PASSWORD", "token": "NATS_TOKEN",
	"tlscert": "NATS_CERT", "tlskey": "NATS_KEY", "tlsca": "NATS_CA",
}

func (c *connection) register(flags *pflag.FlagSet) {
	c.flags, c.environ, c.loadContext = flags, os.Getenv, contextOptions
	flags.StringVarP(&c.server, "server", "s", "", "`urls` of NATS servers, comma separated ($NATS_URL; default "+bus.DefaultURL+")")
	flags.StringVar(&c.context, "context", "", "`name` of a context of the nats command ($NATS_CONTEXT; default the selected one)")
	flags.StringVar(&c.creds, "creds", "", "`file` of a user's credentials ($NATS_CREDS)")
	flags.StringVar(&c.nkey, "nkey", "", "`file` of a user's nkey seed ($NATS_NKEY)")
	flags.StringVar(&c.user, "user", "", "`name` of a user, or a token if there is no password ($NATS_USER)")
	flags.StringVar(&c.password, "password", "", "the user's password ($NATS_PASSWORD)")
	flags.StringVar(&c.token, "token", "", "a token ($NATS_TOKEN)")
	flags.StringVar(&c.tlsCert, "tlscert", "", "`file` of a client's TLS certificate ($NATS_CERT)")
	flags.StringVar(&c.tlsKey, "tlskey", "", "`file` of its private key ($NATS_KEY)")
	flags.StringVar(&c.tlsCA, "tlsca", "", "`file` of the certificates to trust ($NATS_CA)")
	flags.DurationVar(&c.timeout, "timeout", 10*time.Second, "how long a connection, a question or a call may take")
	flags.StringVar(&c.prefix, "prefix", "", "first part of all subjects (default \"helium\")")
}

// value returns what a flag says, or else its environment variable.
func (c *connection) value(flag string) string {
	value, err := c.flags.GetString(flag)
	if err == nil && !c.flags.Changed(flag) && !c.flags.Changed("context") {
		return c.environ(variables[flag])
	}
	return value
}

// config puts flags, environment and context together. A context counts if it is
// named, or if it is the selected one and no server is named. Flags stand over it, and
// so does the environment unless the context is named by its flag.
func (c *connection) config() (bus.Config, error) {
	if c.timeout <= 0 {
		return bus.Config{}, fail(exitUsage, "", fmt.Errorf("--timeout %v: give a positive time, such as 2s", c.timeout))
	}
	cfg := bus.Config{Name: "helium command", URL: c.server}
	context := c.context
	if !c.flags.Changed("context") {
		context = c.environ("NATS_CONTEXT")
		if cfg.URL == "" {
			cfg.URL = c.environ("NATS_URL")
		}
	}
	if context != "" || cfg.URL == "" {
		if err := c.addContext(&cfg, context); err != nil {
			return cfg, err
		}
	}
	if err := c.addCredentials(&cfg); err != nil {
		return cfg, err
	}
	return cfg, c.addTLS(&cfg)
}

func (c *connection) addContext(cfg *bus.Config, name string) error {
	options, err := c.loadContext(name)
	if err != nil {
		return fail(exitUsage, "nats context ls", fmt.Errorf("context %q can't be used: %w", name, err))
	}
	if cfg.URL == "" {
		cfg.URL = strings.Join(options.Servers, ",")
	}
	cfg.User, cfg.Password, cfg.Token = options.User, options.Password, options.Token
	cfg.InboxPrefix = options.InboxPrefix
	cfg.Options = append(cfg.Options, func(o *nats.Options) error {
		o.UserJWT, o.Nkey, o.SignatureCB = options.UserJWT, options.Nkey, options.SignatureCB
		o.TLSHandshakeFirst = options.TLSHandshakeFirst
		if options.Secure {
			o.Secure = true
			o.TLSCertCB, o.RootCAsCB = options.TLSCertCB, options.RootCAsCB
		}
		if options.CustomDialer != nil {
			o.CustomDialer = options.CustomDialer
		}
		return nil
	})
	return nil
}

// contextOptions reads a context of the nats command. The library only connects by
// one, so it is stopped once it has told what it would connect with.
func contextOptions(name string) (nats.Options, error) {
	var told nats.Options
	errTold := errors.New("the options are told")
	_, _, err := natscontext.Connect(name, func(o *nats.Options) error {
		told = *o
		return errTold
	})
	if errors.Is(err, errTold) {
		err = nil
	}
	return told, err
}

// addCredentials puts those of flags and environment in the place of a context's.
func (c *connection) addCredentials(cfg *bus.Config) error {
	creds, nkey := c.value("creds"), c.value("nkey")
	user, password, token := c.value("user"), c.value("password"), c.value("token")
	if creds+nkey+user+password+token == "" {
		return nil
	}
	cfg.User, cfg.Password, cfg.Token = user, password, token
	cfg.Options = append(cfg.Options, func(o *nats.Options) error { return nil })
	cfg.Credentials = creds
	if user != "" && password == "" && token == "" {
		cfg.User, cfg.Token = "", user // as the nats command has it
	}
	if nkey == "" {
		return nil
	}
	seed, err := os.ReadFile(nkey)
	if err != nil {
		return fail(exitUsage, "", fmt.Errorf("--nkey: %w; give the file that holds the seed", err))
	}
	cfg.NKeySeed = strings.TrimSpace(string(seed))
	return nil
}

func (c *connection) addTLS(cfg *bus.Config) error {
	cert, key, ca := c.value("tlscert"), c.value("tlskey"), c.value("tlsca")
	if cert+key+ca == "" {
		return nil
	}
	cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if cert != "" || key != "" {
		if cert == "" || key == "" {
			return fail(exitUsage, "", errors.New("--tlscert and --tlskey belong together; give both"))
		}
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return fail(exitUsage, "", fmt.Errorf("--tlscert %s, --tlskey %s: %w", cert, key, err))
		}
		cfg.TLS.Certificates = []tls.Certificate{pair}
	}
	if ca == "" {
		return nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return fail(exitUsage, "", fmt.Errorf("--tlsca: %w", err))
	}
	cfg.TLS.RootCAs = x509.NewCertPool()
	if !cfg.TLS.RootCAs.AppendCertsFromPEM(pem) {
		return fail(exitUsage, "", fmt.Errorf("--tlsca %s holds no certificate in PEM", ca))
	}
	return nil
}

package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/pflag"
	"github.com/synadia-io/orbit.go/natscontext"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/internal/wire"
)

// Connection is where and as whom to connect, as NATS users expect: the flags of the
// nats command, its environment variables, and the contexts that it keeps.
type Connection struct {
	Server, Context        string
	creds, nkey            string
	User, Password, Token  string
	TLSCert, TLSKey, TLSCA string
	Timeout                time.Duration
	Prefix                 string
	BusOnly                bool // calls go by NATS, whatever instances offer
	flags                  *pflag.FlagSet
}

// Variables are the environment's, by flag. Flags stand over them.
var Variables = map[string]string{
	"creds": "NATS_CREDS", "nkey": "NATS_NKEY",
	"user": "NATS_USER", "password": "NATS_PASSWORD", "token": "NATS_TOKEN",
	"tlscert": "NATS_CERT", "tlskey": "NATS_KEY", "tlsca": "NATS_CA",
}

func (c *Connection) register(flags *pflag.FlagSet) {
	c.flags = flags
	flags.StringVarP(&c.Server, "server", "s", "", "`urls` of NATS servers, comma separated ($NATS_URL; default "+bus.DefaultURL+")")
	flags.StringVar(&c.Context, "context", "", "`name` of a context of the nats command ($NATS_CONTEXT; default the selected one)")
	flags.StringVar(&c.creds, "creds", "", "`file` of a user's credentials ($NATS_CREDS)")
	flags.StringVar(&c.nkey, "nkey", "", "`file` of a user's nkey seed ($NATS_NKEY)")
	flags.StringVar(&c.User, "user", "", "`name` of a user, or a token if there is no password ($NATS_USER)")
	flags.StringVar(&c.Password, "password", "", "the user's password ($NATS_PASSWORD)")
	flags.StringVar(&c.Token, "token", "", "a token ($NATS_TOKEN)")
	flags.StringVar(&c.TLSCert, "tlscert", "", "`file` of a client's TLS certificate ($NATS_CERT)")
	flags.StringVar(&c.TLSKey, "tlskey", "", "`file` of its private key ($NATS_KEY)")
	flags.StringVar(&c.TLSCA, "tlsca", "", "`file` of the certificates to trust ($NATS_CA)")
	flags.DurationVar(&c.Timeout, "timeout", 10*time.Second, "how long a connection, a question or a call may take")
	flags.StringVar(&c.Prefix, "prefix", "", "first part of all subjects (default \"helium\")")
}

// RegisterBusOnly adds the flag of subcommands whose calls may go by direct links.
func (c *Connection) RegisterBusOnly(flags *pflag.FlagSet) {
	flags.BoolVar(&c.BusOnly, "bus-only", false, "call by NATS alone, also where an instance offers direct links")
}

// CheckTimeout refuses a time that would be over before anything begins.
func (c *Connection) CheckTimeout() error {
	if c.Timeout > 0 {
		return nil
	}
	return Fail(ExitUsage, "", fmt.Errorf("--timeout %v: give a positive time, such as 2s", c.Timeout))
}

// Given reports whether a flag stands on the command line.
func (c *Connection) Given(flag string) bool { return c.flags.Changed(flag) }

// Value returns what a flag says, or else its environment variable.
func (c *Connection) Value(flag string) string {
	value, err := c.flags.GetString(flag)
	if err == nil && !c.Given(flag) && !c.Given("context") && !c.givenInstead(flag) {
		return os.Getenv(Variables[flag])
	}
	return value
}

// credentials are the flags of each kind of credentials, of which one is used.
var credentials = [][]string{{"creds"}, {"nkey"}, {"user", "password"}, {"token"}}

// givenInstead reports whether credentials of another kind than a flag's stand on the command line.
func (c *Connection) givenInstead(flag string) bool {
	isOf := func(kind []string) bool { return slices.Contains(kind, flag) }
	if !slices.ContainsFunc(credentials, isOf) {
		return false
	}
	return slices.ContainsFunc(credentials, func(kind []string) bool {
		return !isOf(kind) && slices.ContainsFunc(kind, c.Given)
	})
}

// Configure puts flags, environment and context together. A context counts if it is
// named, or if it is the selected one and no server is named. Flags stand over it, and
// so does the environment unless the context is named by its flag.
func (c *Connection) Configure(cfg *bus.Config) error {
	if err := c.CheckTimeout(); err != nil {
		return err
	}
	if _, err := wire.NewSubjects(c.Prefix); err != nil {
		return Fail(ExitUsage, "", fmt.Errorf("--prefix: %w", err))
	}
	cfg.URL = c.Server
	context := c.Context
	if !c.Given("context") {
		context = os.Getenv("NATS_CONTEXT")
		if cfg.URL == "" {
			cfg.URL = os.Getenv("NATS_URL")
		}
	}
	var known nats.Options // of the context
	if context != "" || cfg.URL == "" {
		var err error
		if known, err = ContextOptions(context); err != nil {
			which := fmt.Sprintf("the context %q", context)
			if context == "" {
				which = "the selected context"
			}
			return Fail(ExitUsage, "nats context ls", fmt.Errorf("%s of the nats command can't be used: %w", which, err))
		}
	}
	if cfg.URL == "" {
		cfg.URL = strings.Join(known.Servers, ",")
	}
	if cfg.URL == "" && context != "" {
		cfg.URL = bus.DefaultURL // and not NATS_URL: the context is what was asked for
	}
	own, err := c.addCredentials(cfg)
	if err != nil {
		return err
	}
	if !own {
		cfg.User, cfg.Password, cfg.Token = known.User, known.Password, known.Token
	}
	cfg.InboxPrefix = known.InboxPrefix
	cfg.Options = []nats.Option{inherit(known, !own)}
	return c.addTLS(cfg)
}

// inherit hands on what a context says and bus.Config has no field for.
func inherit(known nats.Options, credentials bool) nats.Option {
	return func(o *nats.Options) error {
		if credentials && known.SignatureCB != nil {
			o.UserJWT, o.Nkey, o.SignatureCB = known.UserJWT, known.Nkey, known.SignatureCB
		}
		if known.Secure && !o.Secure {
			o.Secure, o.TLSCertCB, o.RootCAsCB = true, known.TLSCertCB, known.RootCAsCB
		}
		if known.CustomDialer != nil {
			o.CustomDialer = known.CustomDialer
		}
		o.TLSHandshakeFirst = known.TLSHandshakeFirst
		return nil
	}
}

// ContextOptions reads a context of the nats command. The library only connects by
// one, so it is stopped once it has told what it would connect with.
func ContextOptions(name string) (nats.Options, error) {
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

// addCredentials adds those of flags and environment, which stand in the place of a
// context's. own says whether there are any.
func (c *Connection) addCredentials(cfg *bus.Config) (own bool, err error) {
	cfg.Credentials = c.Value("creds")
	cfg.User, cfg.Password, cfg.Token = c.Value("user"), c.Value("password"), c.Value("token")
	if cfg.User != "" && cfg.Password == "" && cfg.Token == "" {
		cfg.User, cfg.Token = "", cfg.User // as the nats command has it
	}
	if file := c.Value("nkey"); file != "" {
		seed, err := os.ReadFile(file)
		if err != nil {
			return false, Fail(ExitUsage, "", fmt.Errorf("--nkey: %w; give the file that holds the seed", err))
		}
		cfg.NKeySeed = strings.TrimSpace(string(seed))
	}
	return cfg.Credentials+cfg.NKeySeed+cfg.User+cfg.Password+cfg.Token != "", nil
}

func (c *Connection) addTLS(cfg *bus.Config) error {
	cert, key, ca := c.Value("tlscert"), c.Value("tlskey"), c.Value("tlsca")
	if cert+key+ca == "" {
		return nil
	}
	cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if cert != "" || key != "" {
		if cert == "" || key == "" {
			return Fail(ExitUsage, "", errors.New("--tlscert and --tlskey belong together; give both"))
		}
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return Fail(ExitUsage, "", fmt.Errorf("--tlscert %s, --tlskey %s: %w", cert, key, err))
		}
		cfg.TLS.Certificates = []tls.Certificate{pair}
	}
	if ca == "" {
		return nil
	}
	pool, err := Certificates(ca)
	cfg.TLS.RootCAs = pool
	return err
}

// Certificates reads the file that --tlsca names.
func Certificates(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, Fail(ExitUsage, "", fmt.Errorf("--tlsca: %w", err))
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, Fail(ExitUsage, "", fmt.Errorf("--tlsca %s holds no certificate in PEM; give a file of \"-----BEGIN CERTIFICATE-----\" blocks", path))
	}
	return pool, nil
}

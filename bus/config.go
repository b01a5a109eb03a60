package bus

import (
	"crypto/tls"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

// DefaultURL is where a server is looked for when neither Config.URL nor the
// environment's NATS_URL says otherwise.
const DefaultURL = "nats://127.0.0.1:4222"

// Config says where to connect and as whom. The zero value connects to $NATS_URL,
// or else to [DefaultURL], without credentials.
//
// At most one kind of credentials may be set: Credentials, NKeySeed, User with
// Password, Token, or those written into URL.
type Config struct {
	// URL lists servers, comma separated: "nats://a:4222,nats://b:4222". Schemes are
	// nats, tls, ws and wss. In a name, a password or a token, a comma is %2C and a slash
	// %2F. A cluster's other servers are found by themselves.
	// Default: $NATS_URL, then [DefaultURL].
	URL string
	// Name is what the server's monitoring and logs call the connection.
	// Default: the program's name.
	Name string

	// Credentials is the path of a .creds file. It is read again at each
	// reconnect, so that credentials can be renewed while the program runs.
	Credentials string
	// NKeySeed is the seed of a user's nkey itself, such as "SUAB…"; not a path.
	NKeySeed string
	// User and Password are for servers with users.
	User, Password string
	// Token is for servers with a token.
	Token string
	// TLS makes TLS mandatory, under these rules. Default: TLS if the server asks
	// for it or the URL's scheme is tls or wss, trusting the system's certificates.
	TLS *tls.Config

	// InboxPrefix is the first part of the subjects on which answers arrive. It is
	// "_INBOX" or begins with "_INBOX.": Helium's servers answer nowhere else. Default:
	// "_INBOX.<user>" where the user's name is known and made of letters, digits,
	// "-" and "_", so that permissions can keep users out of each other's answers;
	// else "_INBOX".
	InboxPrefix string

	// Wait makes Connect wait for a server that can't be reached yet, until the
	// context ends, and say so in the log: programs then start in any order.
	// Default: fail at the context's deadline, or after 5 s if it has none.
	Wait bool

	// Logger gets lost and regained connections and errors that no call returns,
	// such as a publish that isn't permitted. Default: slog.Default().
	Logger *slog.Logger

	// InProcess connects to a server in this process, without a socket; URL is not
	// used then. The broker package sets it. Default: nil, over the network.
	InProcess nats.InProcessConnProvider

	// Options are any of nats.go's, applied after Helium's own. Default: none.
	Options []nats.Option
}

// withDefaults returns the Config with the fields filled in whose defaults are known without
// the others, or what is wrong with it.
func (config Config) withDefaults() (Config, error) {
	if config.Name == "" {
		config.Name = filepath.Base(os.Args[0])
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Logger.Handler() == nil {
		return config, helium.NewConfigError("bus", "{Config.Logger} has no handler; make it with slog.New, or leave it out")
	}
	for i, option := range config.Options {
		if option == nil {
			return config, helium.ConfigErrorf("bus", "{Config.Options}[%d] is nil; leave it out", i)
		}
	}
	if v := reflect.ValueOf(config.InProcess); v.Kind() == reflect.Pointer && v.IsNil() {
		return config, helium.ConfigErrorf("bus", "{Config.InProcess} is a nil %T; pass a server that runs, or leave it out", config.InProcess)
	}
	return config, nil
}

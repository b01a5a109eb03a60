package broker

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"log/slog"
	"regexp"
	"time"

	"github.com/helium-rpc/helium"
)

// Config says what the broker is. The zero value lives within the process, keeps
// everything in memory and lets everyone in the process do everything.
type Config struct {
	// Listen is where clients of other processes connect: host:port, port 0 for a
	// free one, an empty host for all interfaces. Beyond loopback it takes TLS and
	// Users or a Token. Default: nothing listens.
	Listen string
	// Dir keeps JetStream's data, such as the registry of services, over restarts.
	// One broker at a time uses it. Default: a temporary directory that Close removes.
	Dir string
	// Name is the server's name: letters, digits, "-", "_" and ".". A member of a
	// cluster needs one that stays the same over its restarts and that no other
	// member has. Default: a random one.
	Name string

	// Websocket lets browsers, and others that speak websocket, connect. Default: none can.
	Websocket *Websocket

	// Cluster joins this broker with others. Default: it stands alone.
	Cluster *Cluster

	// TLS is the certificate for Listen; with ClientAuth and ClientCAs, clients need
	// certificates too. Default: no TLS.
	TLS *tls.Config
	// Users may connect, each with its permissions. With neither Users nor Token
	// everyone may. The connections that Connect makes need no credentials.
	Users []User
	// Token lets everyone in who knows it. It may stand beside Users.
	Token string

	// MaxPayload is how large a message may be, headers included, in bytes; at most
	// 64 MiB. Default: 1 MiB.
	MaxPayload int
	// MaxMemory is how much JetStream may keep in memory, in bytes. It is a limit;
	// nothing is reserved. Default: 256 MiB.
	MaxMemory int64
	// MaxStorage is how much JetStream may keep on disk, in bytes; a limit too.
	// Default: 10 GiB, and 1 GiB where Dir is a temporary directory.
	MaxStorage int64

	// Logger gets the server's warnings as warnings and the rest at debug level.
	// Default: slog.Default().
	Logger *slog.Logger
}

// Websocket says where clients connect by websocket. Users, Token and limits are those of
// all clients; [Broker.WebsocketURL] tells the address.
type Websocket struct {
	// Listen is host:port, port 0 for a free one, an empty host for all interfaces.
	// Beyond loopback it takes TLS, and Users or a Token. Default: 127.0.0.1:0.
	Listen string
	// AllowedOrigins are the sites whose pages may connect, as browsers name them: scheme,
	// host, and port if it isn't the usual one, such as "https://console.example.com".
	// Pages of the listener's own address always may, those of all other sites never.
	// Programs that aren't browsers name no origin and aren't held to it. Default: none.
	AllowedOrigins []string
	// TLS is the certificate for Listen. Default: no TLS.
	TLS *tls.Config
}

// Cluster says how brokers find each other. Every member has the same Name,
// User, Password, and a route to at least one other; the rest it learns from that one.
//
// Pick all addresses up front and list them all in every member's Routes (its own
// may be among them), or start members one after the other with port 0 and route
// each to the [Broker.ClusterURL] of those before. JetStream needs more than half
// of its members: one alone, of a new cluster, waits for a second.
type Cluster struct {
	// Name of the cluster. Default: "helium".
	Name string
	// Listen is where the other members connect: host:port, port 0 for a free one.
	// Beyond loopback it takes TLS, User and Password. Default: 127.0.0.1:0.
	Listen string
	// Routes are other members: "nats://host:port" or "host:port". User and Password
	// below are added to those without credentials of their own.
	Routes []string
	// User and Password let members in. Default: whoever can connect is a member.
	User, Password string
	// TLS serves for both ends: certificates, RootCAs and ClientCAs. Members always
	// check each other's certificate. Default: no TLS.
	TLS *tls.Config
}

// User may connect and use certain subjects.
type User struct {
	// Name and Password identify the user. A client named like this subscribes its
	// answers under "_INBOX.<name>.>" if it connects with package bus.
	Name, Password string
	// NKey is the public key of a user ("U…"), instead of Name and Password.
	NKey string

	// Publish and Subscribe say which subjects. Default: all.
	Publish, Subscribe Subjects
	// Responses is how many messages the user may publish to the reply subject of
	// each message it received, though Publish doesn't allow that subject; -1: any
	// number. With Responses set and Publish.Allow nil, it publishes nothing else.
	// Default: none.
	Responses int
	// ResponseTime is how long it may answer. Default: 2 min.
	ResponseTime time.Duration
}

// Subjects are lists of subjects with NATS's wildcards, "*" for a token and ">" for
// the rest. What is denied wins. A nil Allow allows everything, an empty one nothing.
type Subjects struct {
	Allow, Deny []string
}

const (
	defaultMaxPayload      = 1 << 20
	maxMaxPayload          = 64 << 20
	defaultMaxMemory       = 256 << 20
	defaultMaxStorage      = 10 << 30
	temporaryMaxStorage    = 1 << 30
	defaultClusterName     = "helium"
	defaultClusterListen   = "127.0.0.1:0"
	defaultWebsocketListen = "127.0.0.1:0"

	// handshakeTimeout is how long a websocket client may take to say what it wants.
	handshakeTimeout = 5 * time.Second

	// pingInterval and pingsOut notice a frozen client or cluster member: nothing
	// heard for three intervals, and its connection is dropped.
	pingInterval = 2 * time.Second
	pingsOut     = 2

	// routeRetries is how often a member that was learned of, not configured, is
	// tried again, about once a second. NATS's default is once in all, and then a
	// partition would outlast its cause.
	routeRetries = 600
)

var serverName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// withDefaults returns the Config with every field of its own filled in, or what is wrong with
// one. Those of Websocket and Cluster have theirs where they are used.
func (config Config) withDefaults() (Config, error) {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Logger.Handler() == nil {
		return config, helium.NewConfigError("broker", "{Config.Logger} has no handler; make it with slog.New, or leave it out")
	}
	if config.Name == "" && config.Cluster != nil {
		return config, helium.NewConfigError("broker", "a member of a cluster needs a {Name}, its own and the same after each restart: by it the others know who returns")
	}
	if config.Name == "" {
		config.Name = "broker-" + rand.Text()[:12]
	}
	if !serverName.MatchString(config.Name) {
		return config, helium.ConfigErrorf("broker", "{Name} %.100q isn't fit for a server; use at most 64 letters, digits, \"-\", \"_\" and \".\"", config.Name)
	}
	if config.MaxPayload < 0 || config.MaxPayload > maxMaxPayload {
		return config, helium.ConfigErrorf("broker", "{MaxPayload} is %d bytes; it may be 1 to %d, and 0 stands for %d", config.MaxPayload, maxMaxPayload, defaultMaxPayload)
	}
	if config.MaxMemory < 0 || config.MaxStorage < 0 {
		return config, helium.ConfigErrorf("broker", "{MaxMemory} (%d) and {MaxStorage} (%d) are sizes in bytes; 0 stands for the default", config.MaxMemory, config.MaxStorage)
	}
	config.MaxPayload = cmp.Or(config.MaxPayload, defaultMaxPayload)
	config.MaxMemory = cmp.Or(config.MaxMemory, defaultMaxMemory)
	if config.Dir == "" {
		config.MaxStorage = cmp.Or(config.MaxStorage, temporaryMaxStorage)
	}
	config.MaxStorage = cmp.Or(config.MaxStorage, defaultMaxStorage)
	return config, nil
}

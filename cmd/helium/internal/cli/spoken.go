package cli

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/helium-rpc/helium"
)

// The libraries speak of fields of their Configs and of their own functions. Who typed
// a command line set flags, and reads of those.

// InOurWords returns what package bus, bus/broker, binder, rpcserver or rpcclient says as
// this command says it: without the package's name, and with flags for fields.
func InOurWords(text string) string {
	for _, w := range ourWords {
		text = w.theirs.ReplaceAllString(text, w.ours)
	}
	return configField.ReplaceAllStringFunc(text, func(field string) string {
		return "--" + strings.ToLower(strings.TrimPrefix(field, "Config."))
	})
}

// configField is a field that has a flag of the same name.
var configField = regexp.MustCompile(`\bConfig\.(Lease|Replicas|Memory|Timeout|Prefix|Listen|Dir)\b`)

// isAboutFlags reports an error of what was asked for, as opposed to what came of it: it
// has no cause but a file that a flag names.
func isAboutFlags(err error) bool {
	_, file := errors.AsType[*fs.PathError](err)
	_, causes := err.(interface{ Unwrap() []error })
	return file || !causes && errors.Unwrap(err) == nil
}

// IsSomebodysWord reports an error that the program of another answered with.
func IsSomebodysWord(err error) bool {
	e, ok := errors.AsType[*helium.Error](err)
	return ok && e.Instance != "" && !isOurs(e.Reason)
}

// ourWords are what the libraries say and what it is called here, the longest first.
var ourWords = []struct {
	theirs *regexp.Regexp
	ours   string
}{
	{regexp.MustCompile(`(^|: )(?:bus|broker|binder|rpcserver|rpcclient)(?:\.[A-Z]\w*)?: `), "$1"},

	// broker
	{regexp.MustCompile(`\bset TLS, and Users or Token\b`), "give --tlscert with --tlskey, and --user with --password or --token"},
	{regexp.MustCompile(`\bset (?:Websocket\.)?TLS, or\b`), "give --tlscert with --tlskey, or"},
	{regexp.MustCompile(`\bset Users or Token, or\b`), "give --user with --password or --token, or"},
	{regexp.MustCompile(`\buser ("(?:[^"\\]|\\.)*") has no Password; set one\b`), "--user $1 has no --password; give one"},
	{regexp.MustCompile(`an origin in Websocket\.AllowedOrigins \(("(?:[^"\\]|\\.)*")\)`), "--origin $1"},
	{regexp.MustCompile(`\bWebsocket\.Listen\b`), "--websocket"},
	{regexp.MustCompile(`(^|on )Listen\b`), "$1--listen"},
	{regexp.MustCompile(`\b(the directory |into )?Dir "`), `--dir "`},
	{regexp.MustCompile(`or Config\.Dir\b`), "or give --dir"},

	// bus
	{regexp.MustCompile(`start a NATS server there, such as with "nats-server -js" or broker\.Start, or point Config\.URL or NATS_URL at one`),
		`start one there, such as with "helium dev" or "nats-server -js", or name another with --server or NATS_URL`},
	{regexp.MustCompile(`the Config holds several kinds of credentials`), "there are several kinds of credentials"},
	{regexp.MustCompile(`wants credentials and the Config has none`), "wants credentials and there are none"},
	{regexp.MustCompile(`set User and Password, Token, NKeySeed or Credentials`), "give --user with --password, --token, --nkey or --creds"},
	{regexp.MustCompile(`the Config has a Password and no User; set User too, or put a token into Token`), "there is --password and no --user; give both, or --token"},
	{regexp.MustCompile(`\bCredentials, `), "--creds, "},
	{regexp.MustCompile(`\bNKeySeed(, |; keep one)`), "--nkey$1"},
	{regexp.MustCompile(`\bUser and Password(, |; keep one)`), "--user with --password$1"},
	{regexp.MustCompile(`\bToken(, |; keep one)`), "--token$1"},
	{regexp.MustCompile(`Config\.NKeySeed isn't the seed of a user's nkey; it is the text beginning with "SU" that "nsc" or "nk -gen user" prints, not the path of a file`),
		`the file of --nkey doesn't hold the seed of a user's nkey, a text beginning with "SU" that "nsc" or "nk -gen user" prints`},
	{regexp.MustCompile(`check Config\.Credentials`), "check --creds"},
	{regexp.MustCompile(`drop Config\.TLS and the tls scheme`), "drop --tlsca, --tlscert and the tls scheme"},
	{regexp.MustCompile(`set Config\.TLS with RootCAs that know the server's certificate, and Certificates if the server asks for one`),
		"give --tlsca that knows the server's certificate, and --tlscert with --tlskey if the server asks for one"},
	{regexp.MustCompile(`set Config\.InboxPrefix to`), "set the context's inbox prefix to"},
	{regexp.MustCompile(`an option of nats\.go doesn't fit: (.*); check Config\.Options`), "the context of the nats command doesn't fit: $1"},

	// binder, rpcserver, rpcclient
	{regexp.MustCompile(`start one with binder\.Start, as examples/binder does`), "start one with: helium binder"},
	{regexp.MustCompile(` \(binder\.Config\.MaxRecord\)`), ""},
	{regexp.MustCompile(`\bset Config\.Replicas to\b`), "give --replicas"},
	{regexp.MustCompile(`\bConfig\.URL\b`), "--server"},
}

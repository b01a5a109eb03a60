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

// flagsOf are the flags that set the fields of the libraries' Configs.
var flagsOf = map[string]string{
	"broker.Listen":                   "--listen",
	"broker.Dir":                      "--dir",
	"broker.TLS":                      "--tlscert with --tlskey",
	"broker.Users":                    "--user with --password",
	"broker.Password":                 "--password",
	"broker.Token":                    "--token",
	"broker.Websocket.Listen":         "--websocket",
	"broker.Websocket.TLS":            "--tlscert with --tlskey",
	"broker.Websocket.AllowedOrigins": "--origin",

	"bus.URL":         "--server",
	"bus.Credentials": "--creds",
	"bus.NKeySeed":    "--nkey",
	"bus.User":        "--user",
	"bus.Password":    "--password",
	"bus.Token":       "--token",
	"bus.TLS":         "--tlsca, --tlscert",
	"bus.InboxPrefix": "the context's inbox prefix",
	"bus.Options":     "the context of the nats command",

	"binder.Lease":        "--lease",
	"binder.Replicas":     "--replicas",
	"binder.Memory":       "--memory",
	"binder.Prefix":       "--prefix",
	"binder.MaxInstances": "--max-instances",

	"rpcclient.Timeout": "--timeout",
	"rpcclient.Prefix":  "--prefix",
	"rpcserver.Prefix":  "--prefix",
}

// aroundFlags are what the libraries say of fields and what is said of flags.
var aroundFlags = strings.NewReplacer(
	`user "`, `--user "`,
	"; set one", "; give one",
	"an origin in --origin (", "--origin ",
	") isn't one;", " isn't one;",
	"the directory --dir", "--dir",
	"into --dir", "--dir",
	"or --dir", "or give --dir",
	"the Config holds several kinds", "there are several kinds",
	"the Config has none", "there are none",
	"the Config has a --password and no --user; set --user too, or put a token into --token", "there is --password and no --user; give both, or --token",
	`--nkey isn't the seed of a user's nkey; it is the text beginning with "SU" that "nsc" or "nk -gen user" prints, not the path of a file`,
	`the file of --nkey doesn't hold the seed of a user's nkey, a text beginning with "SU" that "nsc" or "nk -gen user" prints`,
	"set --tlsca, --tlscert with RootCAs that know the server's certificate, and Certificates if the server asks for one",
	"give --tlsca that knows the server's certificate, and --tlscert with --tlskey if the server asks for one",
	`start a NATS server there, such as with "nats-server -js" or broker.Start, or point --server or NATS_URL at one`,
	`start one there, such as with "helium dev" or "nats-server -js", or name another with --server or NATS_URL`,
	"an option of nats.go doesn't fit", "the context of the nats command doesn't fit",
	"; check the context of the nats command", "",
	"set --user and --password", "give --user with --password",
	"--user and --password", "--user with --password",
	"set --", "give --",
)

// inFlags returns what an error of a Config says in the words of flags.
func inFlags(e *helium.ConfigError) string {
	return aroundFlags.Replace(e.Text(func(field string) string {
		if flag, ok := flagsOf[e.Package+"."+field]; ok {
			return flag
		}
		return field
	}))
}

// What the libraries say elsewhere: of their packages, in front, and of fields, in the log.
var (
	packageName = regexp.MustCompile(`(^|: )(?:bus|broker|binder|rpcserver|rpcclient)(?:\.[A-Z]\w*)?: `)
	configField = regexp.MustCompile(`\bConfig\.(URL|Lease|Replicas|Memory|Timeout|Prefix|Listen|Advertise|Dir)\b`)
	functions   = strings.NewReplacer(
		"start one with binder.Start, as examples/binder does", "start one with: helium binder",
		" (binder.Config.MaxRecord)", "",
		" (binder.Config.MaxInstances)", "",
		" (8 KiB for each of binder.Config.MaxInstances)", "",
		"set Config.Replicas to", "give --replicas",
		"set Config.Advertise to", "give --advertise",
		", or set Config.NoMonitoring", "",

		// What programs set, and this command has no flag for: of its own client, and of somebody's server.
		", see rpcclient.Config.MaxValue", ", and a program of your own may allow more",
		", see rpcserver.Config.MaxValue", "; whoever runs that server can allow more",
		"; see rpcserver.Config.IdempotencyMemory", "; whoever runs that server can give it more",
		"or raise rpcserver.Config.IdempotencyMemory", "or have whoever runs that server give it more room for them",
	)
)

// InOurWords returns what package bus, bus/broker, binder, rpcserver or rpcclient says as
// this command says it: without the package's name, and with flags for fields. It is the
// text of an error or a part of that, or of no error.
func InOurWords(text string, err error) string {
	if e, ok := errors.AsType[*helium.ConfigError](err); ok {
		text = strings.ReplaceAll(text, e.Error(), inFlags(e))
	}
	text = functions.Replace(packageName.ReplaceAllString(text, "$1"))
	return configField.ReplaceAllStringFunc(text, func(field string) string {
		if field == "Config.URL" {
			return "--server"
		}
		return "--" + strings.ToLower(strings.TrimPrefix(field, "Config."))
	})
}

// isAboutFlags reports an error of what was asked for, as opposed to what came of it: it
// has no cause but a file that a flag names.
func isAboutFlags(err error) bool {
	_, file := errors.AsType[*fs.PathError](err)
	e, config := errors.AsType[*helium.ConfigError](err)
	return file || config && e.Unwrap() == nil
}

// IsSomebodysWord reports an error that the program of another answered with.
func IsSomebodysWord(err error) bool {
	e, ok := errors.AsType[*helium.Error](err)
	return ok && e.Instance != "" && !isOurs(e.Reason)
}

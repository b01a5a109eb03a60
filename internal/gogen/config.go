package gogen

import (
	"fmt"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/helium-rpc/helium/internal/gogen/service"
)

// Config says what to generate.
type Config struct {
	// Dir is the folder of the Go package that declares the interface. Default: ".".
	Dir string
	// Type is the name of the interface. There is no default.
	Type string
	// Service is the name of the service that the client calls. Default: the
	// interface's name as on the wire, without a last "Service", or for an interface Service
	// the package's name without a last "svc" or "service".
	Service string
	// Out is the name of the file, in Dir. Default: the name of the interface in lower
	// case and "_helium.go", such as "stock_helium.go".
	Out string
}

// withDefaults returns the Config with all fields filled in but Service, or what is wrong
// with one.
func (config Config) withDefaults() (Config, error) {
	if config.Dir == "" {
		config.Dir = "."
	}
	if config.Type == "" {
		return config, fmt.Errorf("no interface is named; say --type Stock for the interface Stock")
	}
	if !token.IsIdentifier(config.Type) {
		return config, fmt.Errorf("--type %q isn't the name of a Go type; name one interface, without its package", config.Type)
	}
	if config.Out == "" {
		config.Out = strings.ToLower(config.Type) + "_helium.go"
	}
	switch {
	case filepath.Base(config.Out) != config.Out:
		return config, fmt.Errorf("--out %q: the file stands beside the interface, as it is part of its package; give its name without a folder", config.Out)
	case !strings.HasSuffix(config.Out, ".go") || strings.HasSuffix(config.Out, "_test.go") || strings.HasPrefix(config.Out, "_") || strings.HasPrefix(config.Out, "."):
		return config, fmt.Errorf("--out %q isn't a file that Go compiles into the package; choose a name such as %s_helium.go", config.Out, strings.ToLower(config.Type))
	case !plainName.MatchString(config.Out):
		return config, fmt.Errorf("--out %q stands in the file itself, in a command line to be pasted into a shell; choose a name of letters, digits, \"_\", \"-\", \"+\" and dots", config.Out)
	}
	if config.Service != "" && !service.NameForm.MatchString(config.Service) {
		return config, fmt.Errorf("--service %q can't be the name of a service; names match %s", config.Service, service.NameForm)
	}
	return config, nil
}

// plainName is a file's name that means itself to a shell, and in a comment.
var plainName = regexp.MustCompile(`^[\pL\pN_.+-]+$`)

// command is the command line that makes the file again, from its folder.
func (config Config) command(given Config) string {
	command := "helium gen go --type " + config.Type
	if given.Service != "" {
		command += " --service " + given.Service
	}
	if given.Out != "" && given.Out != strings.ToLower(config.Type)+"_helium.go" {
		command += " --out " + given.Out
	}
	return command
}

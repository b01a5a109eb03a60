package gogen

import (
	"fmt"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// Config says what to generate.
type Config struct {
	// Dir is the folder of the Go package that declares the interface. Default: ".".
	Dir string
	// Type is the name of the interface. There is no default.
	Type string
	// Service is the name of the service that the client calls. Default: see [ServiceName].
	Service string
	// Out is the name of the file, in Dir. Default: the name of the interface in lower
	// case and "_helium.go", such as "stock_helium.go".
	Out string
}

// validServiceName is what a service's name must match to be part of a subject.
var validServiceName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

func (cfg Config) withDefaults() (Config, error) {
	if cfg.Dir == "" {
		cfg.Dir = "."
	}
	if cfg.Type == "" {
		return cfg, fmt.Errorf("no interface is named; say --type Stock for the interface Stock")
	}
	if !token.IsIdentifier(cfg.Type) {
		return cfg, fmt.Errorf("--type %q isn't the name of a Go type; name one interface, without its package", cfg.Type)
	}
	if cfg.Out == "" {
		cfg.Out = strings.ToLower(cfg.Type) + "_helium.go"
	}
	switch {
	case filepath.Base(cfg.Out) != cfg.Out:
		return cfg, fmt.Errorf("--out %q: the file stands beside the interface, as it is part of its package; give its name without a folder", cfg.Out)
	case !strings.HasSuffix(cfg.Out, ".go") || strings.HasSuffix(cfg.Out, "_test.go") || strings.HasPrefix(cfg.Out, "_") || strings.HasPrefix(cfg.Out, "."):
		return cfg, fmt.Errorf("--out %q isn't a file that Go compiles into the package; choose a name such as %s_helium.go", cfg.Out, strings.ToLower(cfg.Type))
	case !plainName.MatchString(cfg.Out):
		return cfg, fmt.Errorf("--out %q stands in the file itself, in a command line to be pasted into a shell; choose a name of letters, digits, \"_\", \"-\", \"+\" and dots", cfg.Out)
	}
	if cfg.Service != "" && !validServiceName.MatchString(cfg.Service) {
		return cfg, fmt.Errorf("--service %q can't be the name of a service; names match %s", cfg.Service, validServiceName)
	}
	return cfg, nil
}

// plainName is a file's name that means itself to a shell, and in a comment.
var plainName = regexp.MustCompile(`^[\pL\pN_.+-]+$`)

// command is the command line that makes the file again, from its folder.
func (cfg Config) command(given Config) string {
	command := "helium gen go --type " + cfg.Type
	if given.Service != "" {
		command += " --service " + given.Service
	}
	if given.Out != "" && given.Out != strings.ToLower(cfg.Type)+"_helium.go" {
		command += " --out " + given.Out
	}
	return command
}

// ServiceName returns the name of the service that an interface describes, unless
// another is given:
//
//	interface Service      the package's name without a last "svc" or "service": mathsvc → math
//	any other              its own as on the wire, without a last "Service": Stock → stock,
//	                       OrderService → order
//
// It returns "" if that leaves nothing that says what the service is.
func ServiceName(packageName, interfaceName string) string {
	if interfaceName != "Service" {
		return signature.WireName(cutSuffixUnlessAll(interfaceName, "Service"))
	}
	if packageName == "main" {
		return ""
	}
	name := cutSuffixUnlessAll(packageName, "service")
	return strings.TrimRight(cutSuffixUnlessAll(name, "svc"), "_")
}

func cutSuffixUnlessAll(s, suffix string) string {
	if rest := strings.TrimSuffix(s, suffix); rest != "" {
		return rest
	}
	return s
}

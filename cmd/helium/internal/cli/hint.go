package cli

import (
	"errors"
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/shell"
)

// hintFor names the command that helps after an error of a kind. asked is the service or
// method that the command line of the running command names.
func hintFor(exit int, command, asked string, err error) string {
	name := asked
	if e, ok := errors.AsType[*helium.Error](err); ok && e.Service != "" {
		name = strings.TrimSuffix(e.Service+"."+e.Method, ".")
	}
	service, _, isMethod := strings.Cut(name, ".")
	switch {
	case exit == ExitUsage:
		return command + " --help"
	case errors.Is(err, helium.ErrNoBinder):
		return "helium binder"
	case exit == ExitNoBus:
		return "helium doctor"
	case errors.Is(err, helium.ErrUnknownMethod) && isMethod:
		return shell.Line("helium", "describe", service)
	case exit == ExitUnknown:
		return "helium ls"
	case name == "" && exit == ExitDeadline:
		return "helium doctor"
	case name == "":
		return ""
	case exit == ExitArguments, exit == ExitMethod:
		return shell.Line("helium", "describe", name)
	case exit == ExitDeadline, exit == ExitNoInstance:
		return shell.Line("helium", "why", name)
	}
	return ""
}

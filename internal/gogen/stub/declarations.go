package stub

import (
	"go/types"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
)

// declarations are the names that the file declares for users.
type declarations struct {
	Client, New, NewFor, Register string
}

// DeclarationsFor returns what the file of an interface declares. One that isn't exported
// gives names that aren't either.
func DeclarationsFor(iface *types.TypeName) (d declarations) {
	name := iface.Name()
	switch {
	case name == "Service":
		d.Client, d.New, d.Register = "Client", "NewClient", "Register"
	case iface.Exported():
		d.Client, d.New, d.Register = name+"Client", "New"+name+"Client", "Register"+name
	default:
		d.Client, d.New, d.Register = name+"Client", "new"+gotype.Capital(name)+"Client", "register"+gotype.Capital(name)
	}
	d.NewFor = d.New + "For"
	return d
}

package gogen

import "go/types"

// declarations are the names that the file declares for users.
type declarations struct {
	Client, New, NewFor, Register string
}

// declarationsFor returns what the file of an interface declares. One that isn't exported
// gives names that aren't either.
func declarationsFor(iface *types.TypeName) (d declarations) {
	name := iface.Name()
	switch {
	case name == "Service":
		d.Client, d.New, d.Register = "Client", "NewClient", "Register"
	case iface.Exported():
		d.Client, d.New, d.Register = name+"Client", "New"+name+"Client", "Register"+name
	default:
		d.Client, d.New, d.Register = name+"Client", "new"+capital(name)+"Client", "register"+capital(name)
	}
	d.NewFor = d.New + "For"
	return d
}

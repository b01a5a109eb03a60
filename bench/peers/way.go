package peers

import (
	"slices"
	"strings"

	"github.com/helium-rpc/helium/bench/benchsvc"
)

// Way is one of the ways in which people call a service of Helium's.
type Way struct {
	Peer string // the name of the peer that calls so
	// Stub is what is called. Where it is generated, the server has generated code too; else that
	// has a Go value which was registered as it is.
	Stub     string
	Timeouts bool // each call has a context.WithTimeout; else one without a deadline
	Direct   bool // by a direct link; else by the bus
}

// The stubs of ways.
const (
	StubGenerated = "generated"
	StubBind      = "Bind"
	StubFunc      = "Func"
	StubByName    = "by name"
)

// heliumPeers are Helium by all ways of calling: those with one link and one kind of context stand
// together, the generated one first.
var heliumPeers = func() (all []heliumPeer) {
	for _, direct := range []bool{false, true} {
		for _, timeouts := range []bool{false, true} {
			for _, p := range []heliumPeer{
				{Way: Way{Peer: "", Stub: StubGenerated}, register: benchsvc.Register, stub: generatedStub},
				{Way: Way{Peer: "-bind", Stub: StubBind}, register: registerValue, stub: boundStub},
				{Way: Way{Peer: "-func", Stub: StubFunc}, register: registerValue, stub: funcStub},
				{Way: Way{Peer: "-call", Stub: StubByName}, register: registerValue, stub: nameStub},
			} {
				name := "helium"
				if direct {
					name += "-direct"
				}
				name += p.Peer
				if timeouts {
					name += "-timeout"
				}
				p.Way = Way{Peer: name, Stub: p.Stub, Timeouts: timeouts, Direct: direct}
				p.service = benchsvc.Name + strings.TrimPrefix(name, "helium")
				all = append(all, p)
			}
		}
	}
	return all
}()

// Ways returns all ways: those with one link and one kind of context stand together, the generated
// one first.
func Ways() (all []Way) {
	for _, p := range heliumPeers {
		all = append(all, p.Way)
	}
	return all
}

// heliumPeerOf returns one of Helium's peers; nil if there is none of that name.
func heliumPeerOf(name string) *heliumPeer {
	for _, all := range [][]heliumPeer{heliumPeers, heliumSpecial} {
		if i := slices.IndexFunc(all, func(p heliumPeer) bool { return p.Peer == name }); i >= 0 {
			return &all[i]
		}
	}
	return nil
}

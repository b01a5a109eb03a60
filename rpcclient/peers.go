package rpcclient

import (
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
)

// peers are the instances as the directory knows them, for the links; see [link.Registry].
type peers struct {
	directory *directory.Directory
	cluster   func() string // that the client is connected to
}

// Peers implements [link.Registry].
func (p peers) Peers(service, method string) (all []link.Peer) {
	s := p.directory.Known(service)
	if s == nil {
		return nil
	}
	view := s.Current()
	if view == nil {
		return nil
	}
	cluster := p.cluster()
	for _, instance := range view.Instances {
		if method == "" || view.VersionOf(instance).Method(method) != nil {
			away := view.Absent(instance) || view.Silent(instance) || view.Lacks(instance, method)
			all = append(all, link.Peer{Name: instance, Abilities: view.Abilities(instance), Away: away, Far: view.Cluster(instance) != cluster})
		}
	}
	return all
}

// Silent implements [link.Registry].
func (p peers) Silent(service, instance string, silent bool) {
	if s := p.directory.Known(service); s != nil {
		s.FellSilent(instance, silent)
	}
}

package rpcclient

import (
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/direct"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// newDirect returns the direct links of a client, which has none yet.
func newDirect(nc *nats.Conn, links *link.Dispatcher, known *directory.Directory, config *Config) (*direct.Client, error) {
	return direct.NewClient(direct.ClientConfig{
		Links: links, Log: config.Logger, Cluster: nc.ConnectedClusterName,
		Secure: func() bool { return link.IsEncrypted(nc) },
		Absent: func(service, instance string) {
			if s := known.Known(service); s != nil {
				s.Found(directory.IsAbsent, instance, "")
			}
		},
	})
}

// offersIn returns the instances of a view that offer direct links.
func offersIn(view *directory.View) (offers []direct.Offer) {
	if view == nil {
		return nil
	}
	for _, instance := range view.InstancesWith(wire.Direct) {
		version := view.VersionOf(instance)
		offers = append(offers, direct.Offer{
			Instance: instance, Cluster: view.Cluster(instance),
			Has: func(method string) bool { return version.Method(method) != nil },
		})
	}
	return offers
}

package lookup

import (
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/wire"
)

// The links by which calls go, as output has them.
const (
	ByBus        = "bus"
	ByDirectLink = "direct"
)

// OffersDirect reports whether an instance offers direct links.
func OffersDirect(r *binder.Record) bool { return wire.Abilities(r.Abilities).Has(wire.Direct) }

// OfferDirect returns those of some instances that offer direct links, by name.
func OfferDirect(records []binder.Record) (instances []string) {
	for i := range records {
		if OffersDirect(&records[i]) {
			instances = append(instances, records[i].Instance)
		}
	}
	return instances
}

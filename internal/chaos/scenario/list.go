package scenario

import "slices"

// All returns every scenario, in the order in which they are run.
func All() []Scenario {
	return slices.Concat(servers, handlers, overload, refused, clients, slowClients, clocks, brokers, cluster, routes, binders, network, direct, streams, large, volume, accounts, keyed)
}

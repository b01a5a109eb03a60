package scenario

import "slices"

// All returns every scenario, in the order in which they are run.
func All() []Scenario {
	return slices.Concat(servers, handlers, overload, clients, brokers, cluster, binders, network, direct, streams, volume, accounts, keyed)
}

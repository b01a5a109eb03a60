//go:build race

package main

// measuredPeers are those that the whole program is tested with under the race
// detector: arpc has races of its own, and a hundred such processes take minutes.
const measuredPeers = "helium,nats,grpc"

//go:build !race

package main

// measuredPeers are all.
const measuredPeers = ""

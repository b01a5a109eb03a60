//go:build !race

package rpcserver

const raceAllocs = 0

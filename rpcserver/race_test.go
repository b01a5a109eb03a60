//go:build race

package rpcserver

// raceAllocs is what the race detector adds: it keeps pools from keeping things.
const raceAllocs = 2

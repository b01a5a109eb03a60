package rpcserver

import "sync/atomic"

// shedding is why a call that has time left isn't run.
type shedding uint8

const (
	kept     shedding = iota
	crowded           // there was no room for it when it came, or it gave way to a newer one
	vain              // it has waited in vain
	hopeless          // its turn wouldn't have come in time
	sheddings
)

// shedCounters count the calls that were refused for load, by the reason.
type shedCounters [sheddings]atomic.Uint64

package gogen

import "github.com/helium-rpc/helium/internal/gogen/source"

type (
	// Fault is one thing that keeps an interface from being called remotely.
	Fault = source.Fault
	// Faults are all that is wrong with an interface, in the order of the source.
	Faults = source.Faults
)

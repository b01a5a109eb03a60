package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/proxy"
)

// Action is what a step does to a part.
type Action string

// The actions.
const (
	Kill   Action = "kill"   // SIGKILL
	Freeze Action = "freeze" // SIGSTOP
	Thaw   Action = "thaw"   // SIGCONT
	Stop   Action = "stop"   // a server: shut down as programs do when they are told to
	Start  Action = "start"  // start the process again in its place, at its addresses and on its data
	Join   Action = "join"   // a client of Bed.Later: start it, and have it carry its loads

	Cut       Action = "cut"        // break the connections that the part made
	HalfClose Action = "half-close" // tell the brokers that the part sends no more
	HalfOpen  Action = "half-open"  // close the brokers' ends and leave the part in ignorance
	Weather   Action = "weather"    // change the conditions of the part's connections to Net
	Routes    Action = "routes"     // change those of a broker's routes to Net
	CutRoutes Action = "cut routes" // break a broker's routes; they are made again at once

	Fill     Action = "fill"     // fill a broker's disk
	Free     Action = "free"     // and make room again
	Wipe     Action = "wipe"     // a client: delete the registry's bucket
	Register Action = "register" // a client: register Count instances
)

// Step is one thing that is done at a time. Steps of one part wait for each other, those of
// different parts don't.
type Step struct {
	At    time.Duration // after the start of the loads
	Do    Action
	On    string // the part
	Net   proxy.Conditions
	Count int
}

// Mends reports whether a step ends a fault instead of beginning one.
func (s Step) Mends() bool {
	switch s.Do {
	case Thaw, Start, Free:
		return true
	case Weather, Routes:
		return s.Net == proxy.Conditions{}
	}
	return false
}

// Faulty reports whether a step begins a fault.
func (s Step) Faulty() bool { return !s.Mends() && s.Do != Register && s.Do != Join }

// frozen freezes a part for a while.
func frozen(part string, from, to time.Duration) []Step {
	return []Step{{At: from, Do: Freeze, On: part}, {At: to, Do: Thaw, On: part}}
}

// killed kills a part and starts it again later.
func killed(part string, from, to time.Duration) []Step {
	return []Step{{At: from, Do: Kill, On: part}, {At: to, Do: Start, On: part}}
}

// held changes the conditions of a part's connections for a while.
func held(part string, from, to time.Duration, net proxy.Conditions) []Step {
	return []Step{{At: from, Do: Weather, On: part, Net: net}, {At: to, Do: Weather, On: part}}
}

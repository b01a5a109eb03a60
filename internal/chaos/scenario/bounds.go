package scenario

import "github.com/helium-rpc/helium/internal/chaos/verdict"

// notMadeAgain bounds how often calls are sent: what fails isn't made worse by those who try again.
var notMadeAgain = verdict.AtMost(verdict.Attempts, 1.1)

// recovers bounds how many seconds after a fault's end calls go well at the latest, and how much
// later than its deadline any ends meanwhile.
func recovers(within, overran float64) []verdict.Bound {
	return []verdict.Bound{verdict.AtMost(verdict.Recovered, within), verdict.AtMost(verdict.OverranBy, overran), notMadeAgain}
}

// noneFails says that no call of these loads does.
func noneFails(loads ...string) (bounds []verdict.Bound) {
	for _, load := range loads {
		bounds = append(bounds, verdict.AtMost(verdict.Failed, 0).Of(load))
	}
	return bounds
}

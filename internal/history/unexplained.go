package history

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// Stale is how old what a lookup finds may be, as long as nobody wipes the store.
const Stale = 5 * time.Second

// patience is how long an order is looked for.
const patience = 20 * time.Second

// Unexplained is a service of which no order of the requests explains the answers, or none was found in time.
type Unexplained struct {
	Service  string
	verdict  porcupine.CheckResult
	requests []porcupine.Operation
}

// Check returns the services of which no order of the requests explains the answers. What a lookup finds may be
// as old as stale.
func Check(requests []Request, stale time.Duration) (unexplained []Unexplained) {
	for service, operations := range byService(requests, stale) {
		if verdict := porcupine.CheckOperationsTimeout(promise.ToModel(), operations, patience); verdict != porcupine.Ok {
			unexplained = append(unexplained, Unexplained{service, verdict, operations})
		}
	}
	return unexplained
}

// byService returns what was asked of each service, the wipes among it.
func byService(requests []Request, stale time.Duration) map[string][]porcupine.Operation {
	all := make(map[string][]porcupine.Operation)
	var wipes []porcupine.Operation
	for _, r := range requests {
		o := porcupine.Operation{ClientId: r.Client, Input: r, Output: r, Call: r.From, Return: r.To}
		switch {
		case r.Failed && (r.Do == Renew || r.Do == Lookup):
			continue // it changed nothing and says nothing
		case r.Unknown && r.By != 0:
			o.Return = r.By
		case r.Unknown:
			o.Return = math.MaxInt64
		case r.Do == Lookup && r.Version != "":
			o.Call -= int64(stale)
		}
		if r.Do == Wipe {
			wipes = append(wipes, o)
		} else {
			all[r.Service] = append(all[r.Service], o)
		}
	}
	for service, operations := range all {
		all[service] = slices.Concat(operations, wipes)
	}
	return all
}

func (u Unexplained) String() string { return fmt.Sprintf("%s (%s)", u.Service, u.verdict) }

// Draw draws the longest order that explains some of the answers, as a page at a path.
func (u Unexplained) Draw(path string) error {
	_, info := porcupine.CheckOperationsVerbose(promise.ToModel(), u.requests, patience)
	return porcupine.VisualizePath(promise.ToModel(), info, path)
}

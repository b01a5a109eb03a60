// Package history says whether what clients saw of the registry is as promised: each instance is a register of
// its own, which holds a version or nothing.
//
//	Register   sets the version, once, at some moment of the request; one of unknown outcome
//	           sets it at any moment after it began, or never
//	End        takes it out, likewise
//	Renew      succeeds if there is a version at some moment of the request, and is told of an
//	           unknown instance if there is none
//	Lookup     says "not found" only if there is no version at some moment of the request; the
//	           version that it finds was there at some moment of it, or a while before
//
// No lease ends meanwhile, and nothing but clients changes the store.
package history

import (
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// Stale is how old what a lookup finds may be.
const Stale = 5 * time.Second

// patience is how long an order is looked for.
const patience = 20 * time.Second

// Request is what a client asked, and what it was answered.
type Request struct {
	ledger.Request
	From, To int64 // nanoseconds of Unix time
	Failed   bool  // there was no answer that says anything
	Unknown  bool  // of a failure: it may have been carried out, or be yet
}

// Unexplained returns the services of which no order of the requests explains the answers, or none was found in
// time.
func Unexplained(requests []Request) (services []string) {
	byService := make(map[string][]porcupine.Operation)
	for _, r := range requests {
		o := porcupine.Operation{Input: r, Output: r, Call: r.From, Return: r.To}
		switch {
		case r.Unknown && r.Do == ledger.Renew, r.Failed && r.Do == ledger.Find:
			continue // it changed nothing and says nothing
		case r.Unknown:
			o.Return = math.MaxInt64
		case r.Do == ledger.Find && r.Version != "":
			o.Call -= int64(Stale)
		}
		byService[r.Service] = append(byService[r.Service], o)
	}
	for service, operations := range byService {
		if porcupine.CheckOperationsTimeout(model.ToModel(), operations, patience) != porcupine.Ok {
			services = append(services, service)
		}
	}
	return services
}

var model = porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: func(state, _, answered any) []any {
		r := answered.(Request)
		there := state.(string) != ""
		after := state // of what is carried out
		switch r.Do {
		case ledger.Register:
			after = r.Version
		case ledger.End:
			after = ""
		case ledger.Renew:
			if !r.Failed && there == r.Missing {
				return nil
			}
		case ledger.Find:
			if state != r.Version {
				return nil
			}
		}
		switch {
		case r.Unknown:
			return []any{state, after}
		case r.Failed:
			return []any{state}
		}
		return []any{after}
	},
	DescribeOperation: func(asked, _ any) string { return fmt.Sprintf("%+v", asked) },
}

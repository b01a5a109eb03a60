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
//	Wipe       takes all out, of all services, when somebody deletes the store
//
// No lease ends meanwhile.
package history

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// Verb is what is asked of the registry, or done to it.
type Verb string

// The verbs.
const (
	Register Verb = "register"
	End      Verb = "end"
	Renew    Verb = "renew"
	Lookup   Verb = "lookup"
	Wipe     Verb = "wipe"
)

// Request is what a client asked of the only instance of a service, and what it was answered.
type Request struct {
	Do       Verb
	Client   int    // who asked; of those that a picture tells apart
	Service  string // none of a wipe
	Version  string // to register, or that was found
	Missing  bool   // the answer was that there is nothing
	From, To int64  // when it was asked and answered, in nanoseconds
	Failed   bool   // there was no answer that says anything
	Unknown  bool   // of a failure: it may have been carried out, or be yet
	By       int64  // when one of unknown outcome is carried out at the latest, if ever; 0: at any time
}

// promise is what the state of an instance, its version or "", may be after a request.
var promise = porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: func(state, _, answered any) []any {
		r := answered.(Request)
		there := state.(string) != ""
		after := state // of what is carried out
		switch r.Do {
		case Register:
			after = r.Version
		case End, Wipe:
			after = ""
		case Renew:
			if there == r.Missing {
				return nil
			}
		case Lookup:
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

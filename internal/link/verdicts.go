package link

import (
	"fmt"
	"strings"

	"github.com/helium-rpc/helium"
)

// Why a vigil ends a call.

// interrupted returns the error of a call whose instance can send one message only from now on, while several are to
// come: NATS refuses the rest, and doesn't tell those that wait for it.
func interrupted(by *Instance) *helium.Error {
	e := helium.ErrSilent.WithMessage("instance %q may send one message only to this client from now on, so what was to come got lost; let its user publish to \"_INBOX.>\", for longer than this lasts", by.Name).WithOutcome(helium.Unknown)
	e.Instance = by.Name
	return e
}

// silence returns the error of a call that one of the mute instances has, as far as is known.
func silence(service string, mute []*Instance) *helium.Error {
	if len(mute) == 1 {
		e := helium.ErrSilent.WithMessage("instance %q has been silent for 2 s, which would say each half second that the call runs; it is frozen, dead or cut off"+Unsettled, mute[0].Name).WithOutcome(helium.Unknown)
		e.Instance = mute[0].Name
		return e
	}
	const most = 3 // of those that are named
	names := make([]string, 0, most)
	for _, i := range mute[:min(len(mute), most)] {
		names = append(names, fmt.Sprintf("%q", i.Name))
	}
	whose := ""
	switch {
	case len(mute) > most:
		whose = fmt.Sprintf("; %s and %d more are silent", strings.Join(names, ", "), len(mute)-most)
	case len(mute) > 0:
		whose = fmt.Sprintf("; %s are silent", strings.Join(names, ", "))
	}
	return helium.ErrSilent.WithMessage("for 2 s no instance of service %q has said that the call runs, as the one that has it would each half second%s"+Unsettled, service, whose).WithOutcome(helium.Unknown)
}

// lost returns the error of a call that no instance has, where it was known once which one had it.
func lost(service string, at *Instance) *helium.Error {
	if at == nil {
		return helium.ErrSilent.WithMessage("the call got lost on its way, or its answer did: all instances of service %q that could have it answer, and none says that it runs"+Unsettled, service).WithOutcome(helium.Unknown)
	}
	e := helium.ErrSilent.WithMessage("the answer got lost on its way: instance %q, which had the call, answers and says no more that it runs"+Unsettled, at.Name).WithOutcome(helium.Unknown)
	e.Instance = at.Name
	return e
}

package rpcclient

import (
	"math/rand/v2"
	"reflect"
	"slices"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/rpcclient/internal/keys"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
)

// way is where the calls of a method go while a view of its service stands. It is decided when
// the view changes and not call by call, and isn't changed, only replaced:
//
//	every instance has the method  ─▶ any of them, also in messages of several methods
//	some instances have it         ─▶ any of them, on the method's own subject
//	it fits some of those only     ─▶ one of these, by its own subjects
//	some instances are silent      ─▶ one of the others, by its own subjects
//	NATS delivers calls twice      ─▶ one of those that are there, by its own subjects
//
// A call with a key goes to the one of the candidates that the key picks, a hedged one to any
// of them, by its own subjects.
type way struct {
	view   *directory.View
	args   int          // of a method without a stub
	result reflect.Type // of a method without a stub; nil: not said
	item   reflect.Type // of a method without a stub; nil: no items are taken
	sends  reflect.Type // of a method without a stub; nil: no items are sent

	to      *link.Method     // by any instance that has the method, or by that of Client.At
	fitting []*link.Method   // not nil: by one of these instances, as the method of others doesn't fit
	why     string           // of fitting: for errors, why calls go to single instances
	each    keys.Candidates  // each instance that a call can go to; nil: calls with a key or hedged ones need it
	latency *retries.Latency // not nil: calls of the method are hedged
	detour  bool             // fitting are those that aren't silent, or any as calls run twice otherwise; without permission for them any one will do
	once    bool             // calls with idempotency keys can go there; as each, only known if one has needed it
	alone   bool             // not in messages of several methods
	named   bool             // arguments without a signature have names to compare
	differs bool             // their types may tell which instances they are for
	doubt   *helium.Error    // not nil: the registry knows no such way, for this reason
	likely  bool             // of one in doubt: an instance was there a moment ago, and hasn't said that it left
}

// choose returns where the next attempt goes, if it can be to none of the instances to avoid.
func (w *way) choose(key *keys.Key, avoid []string) *link.Method {
	switch {
	case key.Given:
		if to := w.each.Choose(key, avoid); to != nil {
			return to
		}
		return w.each.Choose(key, nil)
	case w.fitting == nil:
		return w.to
	}
	first := rand.IntN(len(w.fitting))
	for i := range w.fitting {
		to := w.fitting[(first+i)%len(w.fitting)]
		if !slices.Contains(avoid, to.Endpoint.Instance) {
			return to
		}
	}
	return w.fitting[first]
}

// chooseHedged is choose for a call that may be hedged, which goes to an instance that is
// known as long as there is one that isn't to be avoided.
func (w *way) chooseHedged(key *keys.Key, avoid []string) *link.Method {
	if w.latency != nil && !key.Once {
		if to := w.each.Choose(key, avoid); to != nil {
			return to
		}
	}
	return w.choose(key, avoid)
}

// withoutHedges returns the way as it is if calls can't be addressed to single instances.
func (w *way) withoutHedges() *way {
	plain := *w
	plain.latency = nil
	return &plain
}

// leadsOn reports whether the way has an instance that isn't to be avoided.
func (w *way) leadsOn(key *keys.Key, avoid []string) bool {
	if w.fitting == nil && !key.Given {
		return true
	}
	to := w.choose(key, avoid)
	return to != nil && !slices.Contains(avoid, to.Endpoint.Instance)
}

// isOnlyOne reports whether calls can go to one instance and no other, as far as is known.
func (w *way) isOnlyOne(method string) bool {
	if w.fitting != nil {
		return len(w.fitting) == 1
	}
	return w.view.Have(method) == 1
}

// whyThere says, for errors, why a call goes to a single instance; "": that needs no
// explanation.
func (w *way) whyThere(key *keys.Key) string {
	if key.Given {
		return ", where the call has to go as its key picks the instance"
	}
	return w.why
}

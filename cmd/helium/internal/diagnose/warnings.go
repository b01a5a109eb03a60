package diagnose

import (
	"context"
	"slices"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

// adviceOn says in a few words what to do about a warning.
func adviceOn(w lookup.Warning) string {
	switch w.Reason {
	case rpcserver.WarningAnswersLimited:
		return recipe
	case rpcserver.WarningAnswersDropped:
		return "set response_type: stream on the service export in NATS's configuration"
	}
	return "look at the instance's log"
}

// warned is a finding to which what instances say of their set-up is added.
func warned(text string, list []lookup.Warning) finding {
	for _, w := range list {
		text += "; " + w.String()
	}
	return advised(adviceOn(list[0]), "%s", text)
}

// warnedSince returns what the instances say of their set-up now and didn't say in their
// records before: a probe may have found it out.
func (w *walk) warnedSince(ctx context.Context) (list []lookup.Warning) {
	reg, err := binder.NewClient(w.nc, w.env.Connection.Prefix)
	if err != nil || len(w.records) == 0 {
		return nil
	}
	entry, err := reg.Lookup(ctx, w.service+"."+w.method)
	if err != nil {
		return nil
	}
	before := lookup.Warnings(w.records)
	for _, now := range lookup.Warnings(entry.Records) {
		if !slices.ContainsFunc(before, func(old lookup.Warning) bool { return old.Warning == now.Warning }) {
			list = append(list, now)
		}
	}
	return list
}

// limited tells of a user who, as a server's, would lose answers: one who may answer, and
// not more than allow_responses permits.
func (e *examination) limited(ctx context.Context) (f finding, limited bool) {
	responses := e.about.Data.Permissions.Responses
	if responses == nil {
		return f, false
	}
	for _, depth := range []string{"", ".+", ".x.+"} {
		denied, err := e.prober.MayPublish(ctx, "_INBOX."+wire.NewInstance()+depth)
		if err != nil {
			return e.lost(err), true
		}
		if denied != nil {
			return advised(recipe, "this user may answer only as allow_responses permits, %s; as a server's user it loses the answers of calls that share a message", responses), true
		}
	}
	return f, false
}

// recipe is what servers' users need.
const recipe = `allow the server's user in NATS's configuration: publish: "_INBOX.>"`

// responses is what NATS permits a user to answer.
type responses struct {
	Max int `json:"max"`
}

func (r *responses) String() string {
	if r.Max < 0 {
		return "any number a request, for which NATS keeps every reply subject and looks through them again and again"
	}
	return amount.Of(max(r.Max, 1), "message") + " a request"
}

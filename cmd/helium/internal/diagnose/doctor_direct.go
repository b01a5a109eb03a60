package diagnose

import (
	"context"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
)

// direct opens a direct link to each instance that offers some, and closes it again.
func (e *registryChecks) direct(ctx context.Context) finding {
	if e.records == nil {
		return skipped("no instance is known")
	}
	type one struct {
		service string
		*probe.Straight
	}
	var offer []one
	for i := range e.records {
		if r := &e.records[i]; lookup.OffersDirect(r) && len(offer) < maxInstances {
			offer = append(offer, one{r.Service, probe.Unasked(r.Instance)})
		}
	}
	if offer == nil {
		return found("no instance offers any, so calls go by NATS")
	}
	opener, err := e.prober.Straight()
	if err != nil {
		return skipped("%v", err)
	}
	probe.EachOf(offer, func(o one) {
		*o.Straight = *opener.Ask(ctx, o.service, o.Instance())
		opener.Open(ctx, o.Straight)
	})
	var out []one
	for _, o := range offer {
		if o.Reason() != nil {
			out = append(out, o)
		}
	}
	if out != nil {
		first := out[0]
		return advised("helium why "+first.service, "can't be opened from here to %s that offer them, so calls go there by NATS; to %s/%s as, at its stage %s: %v",
			amount.OfAll(len(out), len(offer), "instance"), first.service, first.Instance(), first.Stage, first.Reason())
	}
	return found("opened to %s", amount.Of(len(offer), "instance"))
}

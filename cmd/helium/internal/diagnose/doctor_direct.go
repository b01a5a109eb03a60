package diagnose

import (
	"context"
	"slices"
	"strings"
	"sync"

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
	all := 0
	for i := range e.records {
		r := &e.records[i]
		if !lookup.OffersDirect(r) {
			continue
		}
		if all++; all <= maxInstances {
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
	if f, some := e.deniedByTheBusAlone(ctx); some {
		return f
	}
	var out []one
	for _, o := range offer {
		if o.Reason() != nil {
			out = append(out, o)
		}
	}
	if out != nil {
		first := out[0]
		return advised("helium why "+first.service, "can't be opened from here to %s that offer them, so calls go there by NATS; to %s/%s as, at its stage %s: %v%s",
			amount.OfAll(len(out), len(offer), "instance"), first.service, first.Instance(), first.Stage, first.Reason(), lookedAt(len(offer), all))
	}
	return found("opened to %s", amount.Of(len(offer), "instance")+lookedAt(len(offer), all))
}

// maxMethods bounds how many methods are looked at one by one.
const maxMethods = 128

// deniedByTheBusAlone looks for methods that NATS denies to the user, who may open a direct link by which
// they can be called all the same.
func (e *registryChecks) deniedByTheBusAlone(ctx context.Context) (f finding, some bool) {
	type method struct{ service, instance, name string }
	var methods []method
	looked := map[string]bool{}
	for i := range e.records {
		r := &e.records[i]
		if looked[r.Service] || !lookup.OffersDirect(r) || !e.mayPublish(ctx, e.prober.Subjects().ServiceAt(r.Service, r.Instance)) {
			continue
		}
		looked[r.Service] = true
		for _, m := range r.Methods {
			if len(methods) < maxMethods {
				methods = append(methods, method{r.Service, r.Instance, m.Name})
			}
		}
	}
	var mu sync.Mutex
	var denied []string
	probe.EachOf(methods, func(m method) {
		s := e.prober.Subjects()
		if e.mayPublish(ctx, s.Method(m.service, m.name)) || e.mayPublish(ctx, s.MethodAt(m.service, m.instance, m.name)) {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		denied = append(denied, m.service+"."+m.name)
	})
	if denied == nil {
		return f, false
	}
	slices.Sort(denied)
	service, _, _ := strings.Cut(denied[0], ".")
	return advised("deny the user "+e.prober.Subjects().ServiceAt(service, "*")+" and "+e.prober.Subjects().Service(service)+" as well, or let the service be PerMethod",
		"this user is denied %s by NATS, and can call what is denied by a direct link, as it may publish to %s",
		amount.OfAll(len(denied), len(methods), "method")+" such as "+denied[0], e.prober.Subjects().ServiceAt(service, "*")), true
}

// mayPublish reports whether the user may publish to a subject, as far as that can be found out.
func (e *registryChecks) mayPublish(ctx context.Context, subject string) bool {
	denied, err := e.prober.MayPublish(ctx, subject)
	return denied == nil && err == nil
}

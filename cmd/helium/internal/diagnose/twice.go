package diagnose

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
)

// deliveredTwice is the finding of a service several of whose instances got one and the same
// call, which wasn't run.
func deliveredTwice(service string, instances []string) finding {
	slices.Sort(instances)
	return advised("run its instances in one account alone, or end the import: NATS delivers twice where an account imports a service and has instances of it itself",
		"calls of %s run twice: NATS delivers each to several instances, such as %s", service, strings.Join(instances, " and "))
}

// deliveryTime is how long instances have to answer a call that isn't run.
const deliveryTime = time.Second

// examineDelivery finds out whether NATS delivers calls of services twice, by a call of each that
// isn't run. It returns nil where none does, as far as instances answer.
func (a *access) examineDelivery(ctx context.Context, records []binder.Record) *finding {
	seen := make(map[string]bool) // services, also those that this user may not call
	var services []string
	var targets []probe.Target
	for i := range records {
		r := &records[i]
		if seen[r.Service] || len(r.Methods) == 0 || len(seen) >= maxInstances {
			continue
		}
		seen[r.Service] = true
		target := probe.Target{Subject: a.prober.Subjects().Method(r.Service, r.Methods[0].Name), Params: paramsOf(r), Any: true}
		if denied, err := a.prober.MayPublish(ctx, target.Subject); denied == nil && err == nil {
			services, targets = append(services, r.Service), append(targets, target)
		}
	}
	for i, answer := range a.prober.Call(ctx, deliveryTime, targets...) {
		if len(answer.Others) > 0 {
			f := deliveredTwice(services[i], append(answer.Others, answer.Instance))
			return &f
		}
	}
	return nil
}

// paramsOf returns how many parameters the first method of a record has.
func paramsOf(r *binder.Record) int {
	m, err := lookup.ParseMethod(r.Methods[0].Signature, r.Types)
	if err != nil {
		return 0
	}
	return len(m.Params)
}

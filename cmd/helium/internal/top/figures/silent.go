package figures

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/binder"
)

// Registered returns the instances that the registry has, none if nobody tells.
func Registered(ctx context.Context, registry *binder.Client) []Instance {
	records, err := registry.List(ctx)
	if err != nil {
		return nil
	}
	all := make([]Instance, len(records))
	for i, r := range records {
		all[i] = Instance{r.Service, r.Instance}
	}
	return all
}

// Expect takes note of which of the registered instances didn't answer.
func (l *Look) Expect(registered []Instance) {
	for _, i := range registered {
		if l.Instances[i] == nil {
			l.silent = append(l.silent, i)
		}
	}
}

// Silent returns the instances, of some services or of all if none is named, that are registered and
// answered in none of two looks: one that has just ended, or was slow once, isn't among them.
func Silent(before, after *Look, services []string) (silent []Instance) {
	if before == nil || after == nil {
		return nil
	}
	for _, i := range after.silent {
		if slices.Contains(before.silent, i) && (len(services) == 0 || slices.Contains(services, i.Service)) {
			silent = append(silent, i)
		}
	}
	slices.SortFunc(silent, func(a, b Instance) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.ID, b.ID))
	})
	return silent
}

// Told says which instances are silent, "" if none is.
func Told(silent []Instance) string {
	if len(silent) == 0 {
		return ""
	}
	const most = 5
	var names []string
	for _, i := range silent[:min(len(silent), most)] {
		names = append(names, i.Service+" "+i.ID)
	}
	if len(silent) > most {
		names = append(names, "…")
	}
	return "Registered, but silent: " + strings.Join(names, ", ") + ". They may stand still or be cut off, see helium why"
}

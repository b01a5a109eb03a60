package lookup

import (
	"fmt"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
)

// Warning is what one or more instances say of their set-up.
type Warning struct {
	binder.Warning
	Instances []string `json:"instances"` // service and instance, "math/i4k2m7q"
}

// Warnings gathers what instances say of their set-up, each warning once.
func Warnings(records []binder.Record) (list []Warning) {
	at := map[binder.Warning]int{}
	for _, r := range records {
		for _, w := range r.Warnings {
			i, known := at[w]
			if !known {
				i = len(list)
				at[w] = i
				list = append(list, Warning{Warning: w})
			}
			list[i].Instances = append(list[i].Instances, r.Service+"/"+r.Instance)
		}
	}
	return list
}

// String is for people: who says so, and what.
func (w Warning) String() string {
	who := w.Instances[0]
	if n := len(w.Instances); n > 1 {
		who = fmt.Sprintf("%s and %s", who, amount.Of(n-1, "other"))
	}
	return who + ": " + w.Message
}

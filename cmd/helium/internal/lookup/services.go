package lookup

import (
	"fmt"
	"slices"

	"github.com/helium-rpc/helium/binder"
)

// Service is a service as "helium ls -o json" writes it.
type Service struct {
	Service   string   `json:"service"`
	Versions  []string `json:"versions"`  // of its instances, each once
	Instances []string `json:"instances"` // their names
	Methods   []string `json:"methods"`   // those that any instance has
	// Direct are the instances that offer direct links.
	Direct []string `json:"direct,omitempty"`
}

// Links are those by which calls get to its instances, for people.
func (s *Service) Links() string {
	switch n := len(s.Direct); {
	case n == 0:
		return ByBus
	case n < len(s.Instances):
		return fmt.Sprintf("%s, %s (%d of %d)", ByBus, ByDirectLink, n, len(s.Instances))
	}
	return ByBus + ", " + ByDirectLink
}

// Services groups records, which are ordered by service.
func Services(records []binder.Record) []Service {
	var rows []Service
	for _, r := range records {
		if len(rows) == 0 || rows[len(rows)-1].Service != r.Service {
			rows = append(rows, Service{Service: r.Service, Versions: []string{}, Methods: []string{}})
		}
		row := &rows[len(rows)-1]
		row.Instances = append(row.Instances, r.Instance)
		if OffersDirect(&r) {
			row.Direct = append(row.Direct, r.Instance)
		}
		row.Versions = with(row.Versions, r.Version)
		for _, m := range r.Methods {
			row.Methods = with(row.Methods, m.Name)
		}
	}
	return rows
}

// with adds what isn't in a list yet.
func with(list []string, item string) []string {
	if item == "" || slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

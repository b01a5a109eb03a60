package figures

import (
	"cmp"
	"slices"
)

// Orders are the orders that rows can be sorted by, most first, and names from a to z.
var Orders = map[string]func(a, b Row) int{
	"calls":    func(a, b Row) int { return cmp.Compare(b.Calls, a.Calls) },
	"errors":   func(a, b Row) int { return cmp.Compare(b.Errors, a.Errors) },
	"p50":      func(a, b Row) int { return cmp.Compare(b.P50, a.P50) },
	"p99":      func(a, b Row) int { return cmp.Compare(b.P99, a.P99) },
	"inflight": func(a, b Row) int { return cmp.Compare(b.InFlight, a.InFlight) },
	"name":     func(Row, Row) int { return 0 },
}

// Sort sorts rows by one of the Orders, and those that are equal in it by name.
func Sort(rows []Row, order func(a, b Row) int) {
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(order(a, b), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Instance, b.Instance))
	})
}

// Of returns the rows of some services, or all if none is named.
func Of(rows []Row, services []string) []Row {
	if len(services) == 0 {
		return rows
	}
	return slices.DeleteFunc(rows, func(r Row) bool { return !slices.Contains(services, r.Service) })
}

// Package directory is what a client knows of the registry: services, the records of their
// instances, versions with their methods, and what bare method names stand for.
//
// It is learnt by a lookup, kept fresh by the registry's events, and never forgotten: the
// registry informs, NATS routes, so when no binder answers calls go on from what is known.
// [Service.Resolve] gives a [View], which isn't changed, only replaced. The directory knows no
// calls and no links; what calls find out about instances they tell it ([Service.Found]).
//
//	binders ◀── questions ◀── Lookup, shared by all who want to know at the same moment
//	   │                         │
//	   └── events ──▶ Service ◀──┘ ──▶ View
//
// From the bottom up:
//
//   - method.go: methods, and versions of a service that have them
//   - record.go: what is known of one instance, and which word on it counts
//   - gone.go: instances that left lately
//   - finding.go: what calls found out and the registry doesn't say
//   - view.go: what calls need of a service's records
//   - former.go: what the registry has forgotten a moment ago
//   - schedule.go: when a service is looked up again
//   - question.go: requests to the binders
//   - service.go: the records of one service, from lookups and events
//   - resolve.go: what is known of a service now, or after a lookup
//   - lookup.go: lookups under way, and who waits for them
//   - names.go: bare names
//   - directory.go: all services
package directory

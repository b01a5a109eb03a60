package binder

// EventKind says what happened to a record.
type EventKind string

const (
	// Registered: the record is new.
	Registered EventKind = "registered"
	// Changed: the record was there and says something else now. A renewal, which
	// writes the same record again, is no event.
	Changed EventKind = "changed"
	// Ended: the instance took its leave.
	Ended EventKind = "ended"
	// Expired: the instance didn't renew within its lease.
	Expired EventKind = "expired"
)

// An Event is one change of the registry.
type Event struct {
	Kind EventKind `json:"kind"`
	// Record is the record as it is now. Of one that ended or expired only Service,
	// Instance and Version are set.
	Record Record `json:"record"`
	// Revision orders events: of two events of one record, the one with the higher
	// revision is the later one, even if the store was wiped in between.
	Revision uint64 `json:"revision"`
}

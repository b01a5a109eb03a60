package binder

import (
	"strings"
	"time"
)

// lostRecords keep in the catalog what the store doesn't have any more, though its instance
// may well live: while the store was out of reach, no instance could renew. Such a record
// stays for one more lease. In it the instance's renewal is answered with "unknown", and it
// registers again. One goroutine uses them, the replicator's.
type lostRecords struct {
	catalog *catalog
	lease   func() time.Duration
	notify  func(Event)

	until map[string]time.Time // by key, when they are dropped
	// grace is until when expired records are kept as lost.
	grace time.Time
	// outage is true from a check of the store that got no answer to the next that gets one.
	outage bool
}

func newLostRecords(c *catalog, lease func() time.Duration, notify func(Event)) *lostRecords {
	return &lostRecords{catalog: c, lease: lease, notify: notify, until: make(map[string]time.Time)}
}

// excuse reports whether what expires now is lost rather than gone.
func (l *lostRecords) excuse() bool { return l.outage || time.Now().Before(l.grace) }

// keep keeps a record that the store doesn't have for one more lease.
func (l *lostRecords) keep(i *instance) {
	l.until[i.key()] = time.Now().Add(l.lease())
	l.catalog.put(i.asLost())
}

// forget is told of a record that the store has again, or that is gone for good.
func (l *lostRecords) forget(key string) { delete(l.until, key) }

// forgive gives every record that is lost, or will be in the next lease, that lease to
// come back in: the store is there again.
func (l *lostRecords) forgive() {
	l.outage = false
	l.grace = time.Now().Add(l.lease())
	for key := range l.until {
		l.until[key] = l.grace
	}
}

// sweep drops the records whose time is over, unless the store is out of reach: while it is,
// they have no way to come back.
func (l *lostRecords) sweep(now time.Time) {
	if l.outage {
		return
	}
	for key, until := range l.until {
		if now.Before(until) {
			continue
		}
		service, name, _ := strings.Cut(key, ".")
		if i := l.catalog.get(service, name); i != nil && i.lost {
			l.catalog.remove(service, name)
			revision, _ := l.catalog.reached()
			l.notify(Event{Kind: Expired, Record: i.departed(), Revision: max(revision, i.revision)})
		}
		delete(l.until, key)
	}
}

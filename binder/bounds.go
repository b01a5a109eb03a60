package binder

import (
	"log/slog"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
)

// bounds are how much each service may have in the registry: NATS permits users to register single services, and who
// registers one must not take the memory of all. Binders learn of each other's writes a little later, so what
// is registered at the same moment may exceed them by as much as is written at once.
type bounds struct {
	catalog   *catalog
	instances int
	bytes     int
	log       *slog.Logger

	mu      sync.Mutex
	refused uint64    // guarded by mu; how many records were
	logged  time.Time // guarded by mu; when that was last logged
}

// logRefused is how often it is logged at most that records were refused.
const logRefused = time.Minute

func newBounds(c *catalog, config Config) *bounds {
	return &bounds{catalog: c, instances: config.MaxInstances, bytes: config.MaxInstances * meanRecord, log: config.Logger}
}

// check returns why a record of so many bytes can't be taken; known is what is there under its name, nil if nothing is.
// Who is there already may go on, and change what it says as far as there is room.
func (b *bounds) check(r *Record, known *instance, size int) error {
	count, bytes := b.catalog.sizeOf(r.Service)
	before := 0
	if known != nil {
		before = len(known.data)
	}
	var err *helium.Error
	switch {
	case known == nil && count >= b.instances:
		err = helium.ErrTooManyInstances.WithMessage("service %q has %d instances in the registry, and a binder takes no more than %d (binder.Config.MaxInstances); shut down those that aren't needed, wait until the leases of those that are gone have ended, or have the binders take more", r.Service, count, b.instances)
	case size > before && bytes-before+size > b.bytes:
		err = helium.ErrTooManyInstances.WithMessage("the records of service %q are %d bytes long together, of %d instances, and a binder takes no more than %d (8 KiB for each of binder.Config.MaxInstances); shorten docs and metadata, shut down instances that aren't needed, or have the binders take more", r.Service, bytes, count, b.bytes)
	default:
		return nil
	}
	b.note(r, err)
	return err
}

// note counts a record that was refused, and logs it now and then.
func (b *bounds) note(r *Record, why error) {
	now := time.Now()
	b.mu.Lock()
	b.refused++
	refused, tell := b.refused, now.Sub(b.logged) >= logRefused
	if tell {
		b.logged = now
	}
	b.mu.Unlock()
	if tell {
		b.log.Warn("a registration was refused; of those that are, one a minute is told at most", append(r.logged(), "reason", why, "refused so far", refused)...)
	}
}

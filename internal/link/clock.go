package link

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// clock is the clock of a client. Its messages of calls say what it showed when they were
// begun, so that a server sees which ones were longer under way than others. It need not agree
// with the server's, only go as fast.
//
// So when it didn't, it is another clock from then on, which servers know nothing of: after the
// machine was suspended, as Go's monotonic clock stands still then and all later messages seem to
// be late, and when a server claims that one was; then for that service alone, as the claim may be a
// lie. It is another one, too, with another connection, by which messages may take longer.
type clock struct {
	born      time.Time // when it showed 0: with Go's monotonic clock, so that a change of the time of day doesn't move it
	abilities wire.Abilities
	number    atomic.Uint64 // tells it from all other clocks, with that of the service; see serviceClock
	ahead     atomic.Int64  // how far the time of day had run ahead of the clock, roughly

	mu       sync.Mutex
	renewed  time.Time                // guarded by mu; when it became another clock last
	services map[string]*serviceClock // guarded by mu; by name
}

// serviceClock is the clock as a service knows it. It has another number for each, so that whoever
// serves one can't tell lies of the clock to others.
type serviceClock struct {
	number  atomic.Uint64
	renewed time.Time // guarded by the clock's mu; when it became another one last, by itself
}

// suspended is how much more time has passed, by the time of day, if the machine was suspended.
const suspended = 500 * time.Millisecond

func newClock() *clock {
	c := &clock{born: time.Now(), services: make(map[string]*serviceClock), abilities: wire.Heartbeats | wire.Chunks | wire.ItemParts | wire.LargeStreams}
	c.number.Store(rand.Uint64())
	return c
}

// of returns the clock as a service knows it.
func (c *clock) of(service string) *serviceClock {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.services[service]
	if known == nil {
		known = new(serviceClock)
		known.number.Store(rand.Uint64())
		c.services[service] = known
	}
	return known
}

// forget lets go of the clock as a service knows it; who asks next gets another one.
func (c *clock) forget(service string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.services, service)
}

// hello returns a message to who serves a service that says who sends it, and nothing else.
func (c *clock) hello(service string) []byte {
	var m batch.Message
	c.open(&m, c.of(service))
	return m.Data
}

// open begins a message of calls of a service; see [batch.New].
func (c *clock) open(m *batch.Message, service *serviceClock) {
	m.Began, m.Token = time.Now(), unguessable()
	reading := m.Began.Sub(c.born)
	ahead := m.Began.UnixNano() - c.born.UnixNano() - int64(reading)
	if more := ahead - c.ahead.Load(); more > int64(suspended) || more < -int64(suspended) {
		c.set(ahead)
	}
	f := wire.Frame{
		Kind: wire.KindSender, Seq: c.number.Load() ^ service.number.Load(), Time: uint64(reading / time.Microsecond), Abilities: c.abilities,
	}
	m.Data = wire.AppendFrame(wire.AppendMessageHeader(m.Data), &f)
}

// set takes note of how far the time of day has run ahead. If that is further than before the
// machine was suspended, or somebody has set the time of day; then another clock does no harm.
func (c *clock) set(ahead int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ahead-c.ahead.Swap(ahead) > int64(suspended) {
		c.renewLocked()
	}
}

// renew makes it another clock.
func (c *clock) renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renewLocked()
}

func (c *clock) renewLocked() {
	c.number.Store(rand.Uint64())
	c.renewed = time.Now()
}

// disproved is told that what it said to a service, of a message that was begun at a certain time,
// was wrong.
func (c *clock) disproved(service *serviceClock, begun time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if begun.Before(c.renewed) || begun.Before(service.renewed) {
		return // it is another one already
	}
	service.number.Store(rand.Uint64())
	service.renewed = time.Now()
}

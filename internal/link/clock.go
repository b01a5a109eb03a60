package link

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// clock is the clock of a client. Its messages of calls say what it showed when they were
// begun, so that a server sees which ones were longer under way than others. It need not agree
// with the server's, only go as fast.
type clock struct {
	born      time.Time     // when it showed 0: with Go's monotonic clock, so that a change of the time of day doesn't move it
	id        atomic.Uint64 // can't be guessed, and tells it from all other clocks
	abilities wire.Abilities
}

func newClock() *clock {
	c := &clock{born: time.Now()}
	c.id.Store(rand.Uint64())
	return c
}

// open begins a message of calls; see [batch.New].
func (c *clock) open(m *batch.Message) {
	m.Began, m.Token = time.Now(), unguessable()
	f := wire.Frame{
		Kind: wire.KindSender, Seq: c.id.Load(), Time: uint64(m.Began.Sub(c.born) / time.Microsecond), Abilities: c.abilities,
	}
	m.Data = wire.AppendFrame(wire.AppendMessageHeader(m.Data), &f)
}

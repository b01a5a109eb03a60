//go:build !race

package link

import (
	"math"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// The race detector drops pooled objects at random, so allocations can't be counted.

// quick is a waiter that keeps nothing.
type quick struct{ arrived int }

func (q *quick) Arrive(*wire.Frame, *helium.Error) { q.arrived++ }
func (q *quick) Fail(*helium.Error)                {}

func TestReceivingAnAnswerAllocatesNothing(t *testing.T) {
	var table inFlight
	by := new(carrier)
	r := &Receiver{carrier: by, link: new(silent), inFlight: &table, instances: new(instances), sent: new(sentLog), counters: new(Counters)}
	waiter := new(quick)
	to := &Method{Endpoint: new(Endpoint)}
	c := &Call{seq: 7, To: to, Waiter: waiter, Deadline: time.Now().Add(time.Hour), by: by, batcher: batch.New(nil, nil, func(*batch.Message) {})}
	answer := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindInstance, Body: []byte("i1")})
	answer = wire.AppendFrame(answer, &wire.Frame{Kind: wire.KindReply, Seq: 7, Time: 3, Body: []byte{1}})
	// What else runs in the process can only add to it, so the least of several counts.
	got := math.Inf(1)
	for range 5 {
		got = min(got, testing.AllocsPerRun(1000, func() {
			table.add(c)
			table.count.Add(1)
			if err := r.Receive(answer, 1); err != nil {
				t.Fatal(err)
			}
		}))
	}
	if got > 0 || waiter.arrived == 0 {
		t.Errorf("receiving an answer allocates %v times, and %d arrived; want 0", got, waiter.arrived)
	}
}

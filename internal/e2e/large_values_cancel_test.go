package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// press is the service "press", of large values.
type press struct{ ran atomic.Int64 }

// Take takes a value.
func (p *press) Take(data []byte) int {
	p.ran.Add(1)
	return len(data)
}

// Give gives a value of so many bytes.
func (p *press) Give(size int) []byte {
	p.ran.Add(1)
	return make([]byte, size)
}

func TestACancelInMidValueGivesTheRightOutcomeAndFreesAllAtBothEnds(t *testing.T) {
	const size = 48 << 20
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		p := new(press)
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "press", p)
		c := n.client(rpcclient.Config{})
		n.link(t, c, "press", 1)
		for _, of := range []struct {
			method  string
			arg     any
			taken   int64          // of room, by what is in the middle
			outcome helium.Outcome // of a call that is canceled in the middle
			ran     int64
		}{
			{"press.take", make([]byte, size), size, helium.NotExecuted, 0},
			{"press.give", size, 2 * size, helium.Executed, 1},
		} {
			// Which moment a cancel finds the machine decides; one of some finds the middle.
			eventually(t, of.method+" canceled in the middle", func() error {
				before := p.ran.Load()
				ctx, cancel := context.WithTimeout(context.Background(), long)
				defer cancel()
				over := make(chan error, 1)
				go func() { over <- c.Call(ctx, of.method, nil, of.arg) }()
				for chunks.Taken() < of.taken && len(over) == 0 {
					time.Sleep(100 * time.Microsecond)
				}
				cancel()
				err := receive(t, "the end of a canceled call", over)
				eventually(t, "nothing kept of a call that is over", func() error {
					if taken, leaving, running := chunks.Taken(), chunks.Leaving(), srv.Stats().Running; taken != 0 || leaving != 0 || running != 0 {
						return fmt.Errorf("%d bytes of values, %d of arguments, %d calls", taken, leaving, running)
					}
					return nil
				})
				ran := p.ran.Load() - before
				outcome := helium.OutcomeOf(err)
				if err != nil && (!errors.Is(err, helium.ErrCanceled) || outcome == helium.NotExecuted && ran > 0 || outcome == helium.Executed && ran == 0) {
					t.Fatalf("%s, canceled: %v (%v), and its handler ran %d times", of.method, err, outcome, ran)
				}
				if outcome != of.outcome || ran != of.ran || err == nil {
					return fmt.Errorf("%v (%v), and its handler ran %d times", err, outcome, ran)
				}
				return nil
			})
		}
	})
}

package stream_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// uncertain is a way by which credit takes some time, is overtaken, and gets lost now and then.
type uncertain struct {
	sync.Mutex
	random *rand.Rand // guarded by the mutex
}

func (u *uncertain) n(n int) int {
	u.Lock()
	defer u.Unlock()
	return u.random.IntN(n)
}

func (u *uncertain) pause(most time.Duration) { time.Sleep(time.Duration(u.n(int(most)))) }

// size returns the size of an item, of which small ones are as usual as large ones.
func (u *uncertain) size() int { return 1 + u.n(1<<(4+u.n(17))) }

func TestWhoDividesItemsKeepsToItsCreditWhateverTheirSizesAndHoweverCreditComes(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				way := &uncertain{random: rand.New(rand.NewPCG(seed, 1))}
				pool := new(stream.Pool)
				var all sync.WaitGroup
				for n := range 1 + way.n(60) {
					all.Go(func() { exchange(t, n, way, pool) })
				}
				all.Wait()
				if left := pool.Taken(); left != 0 {
					t.Errorf("%d bytes of credit aren't given back", left)
				}
			})
		})
	}
}

// exchange sends a stream to a strict receiver, which reads it at some pace.
func exchange(t *testing.T, n int, way *uncertain, pool *stream.Pool) {
	const items = 40
	var out *stream.Sender
	var late sync.WaitGroup
	grant := func(credit wire.Credit) {
		if way.n(40) > 0 { // else it gets lost
			late.Go(func() {
				way.pause(20 * time.Millisecond)
				out.Grant(credit)
			})
		}
	}
	in := stream.NewReceiver(pool, bounds, grant)
	in.Strict()
	part := 1000 + way.n(256<<10)
	out = stream.NewSender(in.Open(), func(items wire.Items) {
		items.Data = bytes.Clone(items.Data)
		in.Arrive(items)
	}, func(a wire.Account) {
		if credit, lost := in.Account(a); lost {
			grant(credit)
		}
	})
	out.Divide(func() int { return part }, func(p wire.Part) { in.ArrivePart(p) })
	all := make(chan struct{})
	go func() {
		defer close(all)
		for i := range items {
			item := encode(make([]byte, way.size()))
			sent := false
			switch {
			case len(item) > stream.Window:
				sent = out.SendParts(item, part, func(p wire.Part) { in.ArrivePart(p) })
			case len(item) >= stream.Large:
				sent = out.SendLarge(item, func(one wire.Items) { one.Data = item; in.Arrive(one) })
			default:
				sent = out.Send(item, wire.UsualPayload)
			}
			if !sent {
				t.Errorf("stream %d is over before item %d, want that all are sent", n, i)
				break
			}
			if way.n(3) == 0 {
				way.pause(10 * time.Millisecond)
			}
		}
		in.End(out.Close(), nil)
	}()
	read := stream.NewItems(in)
	for {
		r, err := read.Next()
		if r == nil {
			if err != nil || read.Count() != items {
				t.Errorf("stream %d: %d items came, then %v; want %d and no error", n, read.Count(), err, items)
			}
			break
		}
		if err := r.Skip(); err != nil {
			t.Errorf("stream %d: item %d: %v", n, read.Count(), err)
		}
		if way.n(2) == 0 {
			way.pause(30 * time.Millisecond)
		}
	}
	in.Close()
	out.Stop()
	<-all
	late.Wait()
}

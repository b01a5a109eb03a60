package stream_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

func TestWhatIsUnderWayOfAllStreamsIsBoundedHoweverLargeItemsAreAndNobodyReads(t *testing.T) {
	for _, c := range []struct{ streams, size int }{
		{100, 64 << 10}, {1000, 64 << 10}, {3000, 15_000}, {5000, 1000}, {300, 250 << 10}, {10_000, 15_000},
	} {
		t.Run(fmt.Sprintf("%d streams of %d bytes", c.streams, c.size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := new(stream.Pool)
				var underWay atomic.Int64
				var outs []*stream.Sender
				var ins []*stream.Receiver
				for range c.streams {
					in := stream.NewReceiver(pool, bounds, func(wire.Credit) {})
					in.Strict()
					out := stream.NewSender(in.Open(), func(items wire.Items) {
						underWay.Add(int64(len(items.Data)))
						in.Arrive(items)
					}, func(wire.Account) {})
					out.Divide(func() int { return 24 << 10 }, func(p wire.Part) {
						underWay.Add(int64(len(p.Data)))
						in.ArrivePart(p)
					})
					outs, ins = append(outs, out), append(ins, in)
					item := make([]byte, c.size)
					go func() {
						for sent := true; sent; {
							if c.size < stream.Large {
								sent = out.Send(item, wire.UsualPayload)
							} else {
								sent = out.SendLarge(item, func(one wire.Items) {
									underWay.Add(int64(len(item)))
									one.Data = item
									in.Arrive(one)
								})
							}
						}
					}()
				}
				synctest.Wait()
				if got, most := underWay.Load(), int64(2*stream.PoolSize); got > most {
					t.Errorf("%d bytes are under way, want %d at most", got, most)
				}
				for i, out := range outs {
					out.Stop()
					ins[i].Abort(nil)
					ins[i].Close()
				}
				synctest.Wait()
			})
		})
	}
}

func TestWhoMayDivideItemsMayNotSendThemWholeBeyondTheCredit(t *testing.T) {
	for _, strict := range []bool{true, false} {
		in := stream.NewReceiver(new(stream.Pool), bounds, func(wire.Credit) {})
		if strict {
			in.Strict()
		}
		given := in.Open()
		in.Arrive(wire.Items{Count: 1, Data: make([]byte, 2*given.Bytes+1)})
		if _, err := in.Next(); errors.Is(err, helium.ErrBadMessage) != strict {
			t.Errorf("strict %t: an item of twice the credit and more: %v", strict, err)
		}
		in.Close()
	}
}

func TestOneStreamsItemsLeaveWholeWhileItsReaderReads(t *testing.T) {
	const items = 1000
	for _, size := range []int{1000, 20_000, 64<<10 + 5} {
		synctest.Test(t, func(t *testing.T) {
			var out *stream.Sender
			in := stream.NewReceiver(new(stream.Pool), bounds, func(credit wire.Credit) { out.Grant(credit) })
			in.Strict()
			out = stream.NewSender(in.Open(), func(items wire.Items) { in.Arrive(items) }, func(wire.Account) {})
			parts := 0
			out.Divide(func() int { return 24 << 10 }, func(p wire.Part) {
				if p.Offset == 0 {
					parts++
				}
				in.ArrivePart(p)
			})
			go func() {
				for range items {
					item := make([]byte, size)
					if !out.SendLarge(item, func(one wire.Items) { one.Data = item; in.Arrive(one) }) {
						t.Error("the stream is over")
					}
				}
				in.End(out.Close(), nil)
			}()
			came := 0
			for {
				chunk, err := in.Next()
				if err != nil {
					t.Fatal(err)
				}
				if chunk.Count == 0 {
					break
				}
				for range chunk.Count {
					came++
					if chunk.Assembled {
						in.Took(0) // its parts were taken one by one
					} else {
						in.Took(size)
					}
				}
			}
			if came != items || parts > items/20 {
				t.Errorf("of %d items of %d bytes %d came, %d of them in parts; want all, and hardly any", items, size, came, parts)
			}
			in.Close()
		})
	}
}

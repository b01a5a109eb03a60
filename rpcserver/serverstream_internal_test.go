package rpcserver

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// stuck is a link that takes no message until it is told to.
type stuck struct {
	link.Server
	free  chan struct{}
	bytes atomic.Int64 // that it has taken
}

func (l *stuck) MaxMessage() int { return 1 << 20 }

func (l *stuck) Answer(out *link.Outgoing) {
	<-l.free
	l.bytes.Add(int64(len(out.Message.Data)))
}

func TestStreamsToWhoTakesNothingWaitWhateverCreditTheyHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		by := &stuck{free: make(chan struct{})}
		cs := newCallers(newOpening("i1", 0), new(atomic.Uint64), new(atomic.Uint64))
		method := &method{signature: &signature.Method{Yields: &signature.Type{Kind: signature.Bytes}}}
		running := new(streams)
		item := make([]byte, 1000)
		var w codec.Writer
		w.Binary(item)
		var all sync.WaitGroup
		var taken atomic.Int64
		const several, each = 10, 100_000
		for seq := range uint64(several) {
			call := newCall(time.Now().Add(time.Hour))
			call.seq, call.method = seq+1, method
			s := newServerStream(call, &wire.Terms{Credit: wire.Credit{Bytes: math.MaxUint64, Items: math.MaxUint64}}, running, false)
			call.answer = s
			s.caller, _ = cs.admit(by, link.Caller{Key: "_INBOX.x.+", Address: "_INBOX.x.+1"}, sender{}, "s", []*Call{call}, time.Now())
			all.Go(func() {
				for range each {
					if !s.out.Send(w.Bytes()) {
						return
					}
					taken.Add(1)
				}
				s.out.Close()
			})
		}
		synctest.Wait() // all are stuck
		if got, most := taken.Load()*int64(len(w.Bytes())), int64((mostOwed+3*several)*33<<10); got > most {
			t.Errorf("%d bytes wait for the caller, want at most %d", got, most)
		}
		close(by.free)
		all.Wait()
		synctest.Wait() // for what the caller's batcher still had
		if got, want := by.bytes.Load(), int64(several*each*len(w.Bytes())); got < want {
			t.Errorf("%d bytes left in the end, want all %d", got, want)
		}
	})
}

package rpcserver

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/stream"
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
			s := newServerStream(call, &wire.Terms{Credit: wire.Credit{Bytes: math.MaxUint64, Items: math.MaxUint64}}, nil, running, 0)
			call.answer = s
			cs.admit(by, link.Caller{Key: "_INBOX.x.+", Address: "_INBOX.x.+1"}, sender{}, "s", []*Call{call}, time.Now())
			all.Go(func() {
				for range each {
					if !s.out.Send(w.Bytes(), wire.UsualPayload) {
						return
					}
					taken.Add(1)
				}
				s.out.Close()
			})
		}
		synctest.Wait() // all are stuck
		if got, most := taken.Load()*int64(len(w.Bytes())), int64((mostWaiting+3*several)*33<<10); got > most {
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

func TestStreamsThatEndWaitNoLongerForWhoTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		by := &stuck{free: make(chan struct{})}
		cs := newCallers(newOpening("i1", 0), new(atomic.Uint64), new(atomic.Uint64))
		method := &method{signature: &signature.Method{Yields: &signature.Type{Kind: signature.Bytes}}}
		running := &streams{maxValue: 64 << 20, pool: new(stream.Pool)}
		r := newRunner(nil, "i1", new(counters), 64<<20, nil)
		const several = 10
		var calls []*Call
		var sending atomic.Int64
		for seq := range uint64(several) {
			call := newCall(time.Now().Add(time.Hour))
			call.seq, call.method = seq+1, method
			s := newServerStream(call, &wire.Terms{Credit: wire.Credit{Bytes: math.MaxUint64, Items: math.MaxUint64}}, nil, running, 0)
			call.answer = s
			cs.admit(by, link.Caller{Key: "_INBOX.x.+", Address: "_INBOX.x.+1"}, sender{}, "s", []*Call{call}, time.Now())
			calls = append(calls, call)
			sending.Add(1)
			go func() {
				defer sending.Add(-1)
				defer s.begin(call.ctx)()
				w := itemWriter(nil)
				for w.Binary(make([]byte, 64<<10)); s.put(call, 1, w.Bytes(), &w) == nil; {
					w.Reset()
					w.Binary(make([]byte, 64<<10))
				}
			}()
		}
		synctest.Wait() // all are stuck
		if got := sending.Load(); got != several {
			t.Errorf("%d of %d iterators are stuck where nothing is taken", got, several)
		}
		for _, call := range calls[:several/2] {
			call.ctx.end(exceeded)
		}
		synctest.Wait()
		// One may be the one that sends what waits for all.
		if got := sending.Load(); got > several/2+1 {
			t.Errorf("%d iterators go on once the contexts of half of %d have ended", got, several)
		}
		for _, call := range calls {
			r.cutStream(call, helium.ErrCut)
		}
		synctest.Wait()
		if got := sending.Load(); got > 1 {
			t.Errorf("%d iterators go on once all streams are cut", got)
		}
		close(by.free)
		synctest.Wait()
		if got := r.active.Load() + sending.Load(); got != 0 {
			t.Errorf("%d are left in the end, want none", got)
		}
	})
}

func TestAStreamIsCutWithoutAWaitForWhatItIsSendingAndAShutdownWaitsForItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		by := &stuck{free: make(chan struct{})}
		cs := newCallers(newOpening("i1", 0), new(atomic.Uint64), new(atomic.Uint64))
		r := newRunner(nil, "i1", new(counters), 64<<20, nil)
		call := newCall(time.Now().Add(time.Hour))
		call.seq, call.method = 1, &method{signature: &signature.Method{Yields: &signature.Type{Kind: signature.Bytes}}}
		s := newServerStream(call, &wire.Terms{Credit: wire.Credit{Bytes: math.MaxUint64, Items: math.MaxUint64}}, nil, new(streams), 0)
		call.answer = s
		cs.admit(by, link.Caller{Key: "_INBOX.x.+", Address: "_INBOX.x.+1"}, sender{}, "s", []*Call{call}, time.Now())
		s.out.Send([]byte{1}, wire.UsualPayload)
		synctest.Wait() // it is stuck
		cut := make(chan struct{})
		go func() {
			r.cutStream(call, helium.ErrCut)
			close(cut)
		}()
		synctest.Wait()
		select {
		case <-cut:
		default:
			t.Error("a stream isn't cut while what it sends is stuck")
		}
		if got := r.active.Load(); got != 1 {
			t.Errorf("a shutdown waits for %d errors of streams, want one", got)
		}
		close(by.free)
		synctest.Wait()
		if got := r.active.Load(); got != 0 {
			t.Errorf("a shutdown waits for %d errors of streams that have left, want none", got)
		}
	})
}

func TestAStreamIsItsCallersFromWhenItIsFoundThere(t *testing.T) {
	of := &method{signature: &signature.Method{Yields: &signature.Type{Kind: signature.Bytes}}}
	for name, answer := range map[string]func(*Call) lasting{
		"a stream": func(call *Call) lasting { return newServerStream(call, new(wire.Terms), nil, new(streams), 0) },
		"a plain request's": func(*Call) lasting {
			return &plainStream{plainAnswer: new(plainAnswer), counters: new(streamCounters), stats: &of.stats}
		},
	} {
		t.Run(name, func(t *testing.T) {
			cs, by := newCallers(newOpening("i1", 0), new(atomic.Uint64), new(atomic.Uint64)), &stuck{free: make(chan struct{})}
			close(by.free)
			call := newCall(time.Now().Add(time.Hour))
			call.seq, call.method = 1, of
			call.answer = answer(call)
			from := link.Caller{Key: "_INBOX.x.+", Address: "_INBOX.x.+1"}
			entered := make(chan *caller)
			go func() {
				c, _ := cs.admit(by, from, sender{}, "s", []*Call{call}, time.Now())
				entered <- c
			}()
			var found []*Call
			for len(found) == 0 {
				found = cs.followed()
				runtime.Gosched()
			}
			var its *caller
			switch s := found[0].answer.(type) {
			case *serverStream:
				its = s.caller
			case *plainStream:
				its = s.caller
			}
			if c := <-entered; its != c || its == nil {
				t.Errorf("it is found as that of %p, want %p", its, c)
			}
		})
	}
}

func TestAServerThatStopsWaitsForTheAnswersThatOthersAreAboutToSend(t *testing.T) {
	for name, answered := range map[string]func(*Call) answerer{
		"a call": func(*Call) answerer { return nil }, // its caller's own
		"a stream": func(call *Call) answerer {
			return newServerStream(call, &wire.Terms{}, nil, new(streams), 0)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			by := &stuck{free: make(chan struct{})}
			close(by.free)
			cs := newCallers(newOpening("i1", 0), new(atomic.Uint64), new(atomic.Uint64))
			call := newCall(time.Now().Add(time.Hour))
			call.seq, call.method = 1, &method{signature: &signature.Method{Yields: &signature.Type{Kind: signature.Bytes}}}
			call.answer = answered(call)
			cs.admit(by, link.Caller{Key: "_INBOX.x.+", Address: "_INBOX.x.+1"}, sender{}, "s", []*Call{call}, time.Now())
			settle := func() chan struct{} {
				settled := make(chan struct{})
				go func() {
					cs.settle(t.Context())
					close(settled)
				}()
				synctest.Wait()
				return settled
			}
			select {
			case <-settle():
			default:
				t.Errorf("%s that runs is waited for, want that only answers are", name)
			}
			others, _ := call.owner.take(call)
			settled := settle()
			select {
			case <-settled:
				t.Errorf("%s: its answer isn't waited for, though it is about to leave", name)
			default:
			}
			call.answer.send(call, helium.ErrCut, 0, nil, others)
			<-settled
			call.ctx.leave()
		})
	}
}

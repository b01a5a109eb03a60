package link

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// refusalOfAll is what an instance sends that refuses a message whole.
var refusalOfAll = wire.AppendFrame(wire.AppendMessageHeader(nil), &refusal)

// looksAtNo has something done while a lock is held that all calls of a shard need: who looks at all calls in
// flight comes to each shard, and waits.
func looksAtNo(t *testing.T, s *shard, do func()) {
	t.Helper()
	s.mu.Lock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("after 10 s it still waits for a lock that only calls of other messages need")
	}
	s.mu.Unlock()
	<-done
}

func TestNoCallIsLookedAtButThoseOfTheMessageThatIsToldOf(t *testing.T) {
	refused := func(r *Receiver, token uint64) { _ = r.Receive(refusalOfAll, token) }
	nobody := func(r *Receiver, token uint64) { r.Nobody(token) }
	for _, c := range []struct {
		name, service string // "math" by the other link, "text" by the bus
		tell          func(r *Receiver, token uint64)
		want          *helium.Error
	}{
		{"by the bus it is refused", "text", refused, readError(refusal.Body)},
		{"by another link it is refused", "math", refused, readError(refusal.Body)},
		{"by the bus it finds nobody", "text", nobody, ErrNobody},
		{"by another link it finds nobody", "math", nobody, ErrNobody},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, nc := newTestDispatcher(t)
			d.vigil.pace.stop() // no beat comes between
			if _, err := nc.SubscribeSync("helium.call.text.upper"); err != nil {
				t.Fatal(err)
			}
			r, to := addMemory(t, d).receiver, d.Endpoint(c.service, "").Method("upper")
			if c.service == "text" {
				r = d.links.bus.receiver
			}
			other, otherWaits := send(t, d, to)
			theirs := d.inFlight.shard(other.seq)
			var tokens []uint64
			var ended, over []waitFor // those that it ends, and those that are over before
			for i := range 200 {
				call, w := send(t, d, to)
				if i == 100 { // the calls before it are looked for, those after it are noted
					c.tell(r, call.left.Token())
				} else if d.inFlight.shard(call.seq) == theirs {
					continue
				}
				tokens = append(tokens, call.left.Token())
				if i%5 == 4 {
					over = append(over, w)
					d.Take(call)
				} else {
					ended = append(ended, w)
				}
			}
			looksAtNo(t, theirs, func() {
				for _, token := range tokens {
					c.tell(r, token)
				}
			})
			for _, w := range ended {
				if err := w.wait(t).err(); fmt.Sprint(err) != fmt.Sprint(c.want) {
					t.Errorf("a call ended with %v, want %v", err, c.want)
				}
			}
			for _, w := range append(over, otherWaits) {
				if len(w.ended) > 0 {
					t.Errorf("a call that was over, or of another message, ended with %v", w.wait(t).err())
				}
			}
		})
	}
}

func TestACancelThatFoundNobodyLooksAtNoCalls(t *testing.T) {
	d, _ := newTestDispatcher(t)
	looksAtNo(t, &d.inFlight.shards[0], func() { d.links.bus.receiver.Nobody(0) })
}

func TestNoCallIsLookedAtButThoseOfTheMessageThatAStreamCaptures(t *testing.T) {
	d, nc := newTestDispatcher(t)
	d.vigil.pace.stop() // no beat comes between
	if _, err := nc.SubscribeSync("helium.call.>"); err != nil {
		t.Fatal(err)
	}
	other, _ := send(t, d, d.Endpoint("text", "").Method("lower"))
	d.links.bus.acknowledged(rand.Uint64(), "ALL") // has the manifests kept
	captured, _ := send(t, d, d.Endpoint("text", "").Method("upper"))
	looksAtNo(t, d.inFlight.shard(other.seq), func() { d.links.bus.acknowledged(captured.left.Token(), "ALL") })
	if captured.To.stream.Load() == nil || other.To.stream.Load() != nil {
		t.Errorf("captured is %t of the method whose message is, and %t of the other; want true and false", captured.To.stream.Load() != nil, other.To.stream.Load() != nil)
	}
}

func TestAMessageThatNoLinkTakesFailsItsCallsAndLooksAtNoOthers(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	to := d.Endpoint("math", "").Method("add")
	other, otherWaits := send(t, d, to)
	l.refuses = helium.ErrDisconnected.WithOutcome(helium.Unknown)
	var w waitFor
	looksAtNo(t, d.inFlight.shard(other.seq), func() { _, w = sendUntil(d, to, time.Now().Add(time.Minute)) })
	if err := w.wait(t).err(); fmt.Sprint(err) != fmt.Sprint(l.refuses) {
		t.Errorf("the call ended with %v, want %v", err, l.refuses)
	}
	if len(otherWaits.ended) > 0 {
		t.Errorf("the call of another message ended with %v", otherWaits.wait(t).err())
	}
}

func TestCallsThatJoinAMessageAfterItsManifestWasKeptAreInIt(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := freeze(t, d)
	to := d.Endpoint("math", "").Method("add")
	var token uint64
	var waiting []waitFor
	for range 3 {
		c, w := sendUntil(d, to, time.Now().Add(time.Minute))
		token, waiting = c.left.Token(), append(waiting, w)
		l.receiver.Nobody(rand.Uint64()) // has the manifests kept
	}
	close(l.thaw)
	eventually(t, "the link has taken both messages", func() bool { return l.taken() == 2 })
	if err := l.receiver.Receive(refusalOfAll, token); err != nil {
		t.Fatal(err)
	}
	for i, w := range waiting {
		if err := w.wait(t).err(); fmt.Sprint(err) != fmt.Sprint(readError(refusal.Body)) {
			t.Errorf("call %d of the message ended with %v, want its refusal", i+1, err)
		}
	}
}

// refusing is a link to an instance that refuses each message as soon as it comes.
type refusing struct {
	memory
	came chan uint64
}

func (l *refusing) Send(_ *Endpoint, m *batch.Message) *helium.Error {
	l.came <- m.Token
	return nil
}

func TestNoRefusalIsMissedWhileManifestsAreKeptAndDropped(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := &refusing{memory: memory{reaches: func(to *Endpoint, _ string) bool { return to.Service == "math" }}, came: make(chan uint64, 100)}
	l.receiver = d.Add(l)
	var refuser, callers sync.WaitGroup
	refuser.Go(func() {
		for token := range l.came {
			_ = l.receiver.Receive(refusalOfAll, token)
			if token%3 == 0 {
				d.links.beat(false)
			}
		}
	})
	for range 8 {
		callers.Go(func() {
			to := d.Endpoint("math", "").Method("add")
			for range 500 {
				_, w := sendUntil(d, to, time.Now().Add(time.Minute))
				if err := w.wait(t).err(); err == nil {
					t.Error("a call that was refused ended with no error")
				}
			}
		})
	}
	callers.Wait()
	close(l.came)
	refuser.Wait()
	if n := d.InFlight(); n != 0 {
		t.Errorf("%d calls are in flight, want none", n)
	}
}

func TestManifestsAreKeptOnlyFromAQuestionToTheNextBeat(t *testing.T) {
	d, _ := newTestDispatcher(t)
	d.vigil.pace.stop()
	l := addMemory(t, d)
	to := d.Endpoint("math", "").Method("add")
	kept := func() int {
		send(t, d, to)
		d.links.manifests.mu.Lock()
		defer d.links.manifests.mu.Unlock()
		return len(d.links.manifests.calls)
	}
	if n := kept(); n != 0 {
		t.Errorf("%d manifests are kept before anybody has asked for one, want none", n)
	}
	l.receiver.Nobody(1)
	if n := kept(); n != 2 {
		t.Errorf("%d manifests are kept once somebody has asked, want those of both messages", n)
	}
	d.vigil.step(false)
	if n := kept(); n != 0 || d.links.manifests.kept.Load() {
		t.Errorf("%d manifests are kept after a beat, and each message is held up for them: %t; want none, and false", n, d.links.manifests.kept.Load())
	}
	refused, w := send(t, d, to)
	if err := l.receiver.Receive(refusalOfAll, refused.left.Token()); err != nil {
		t.Fatal(err)
	}
	if err := w.wait(t).err(); err == nil {
		t.Error("the call of a message that was refused after a beat ended with no error")
	}
}

func TestOneWayCallsLeaveNoManifestsThatNobodyDrops(t *testing.T) {
	d, _ := newTestDispatcher(t)
	to := d.Endpoint("text", "").Method("upper") // where nobody listens, which NATS tells of each message
	sent := uint64(0)
	notify := func() {
		sent++
		if e := d.SendOneWay(to, &wire.Frame{Kind: wire.KindNotify, Time: 60000, Body: []byte{0x90}}, time.Now().Add(time.Minute)); e != nil {
			t.Fatal(e)
		}
	}
	notify()
	eventually(t, "a question has had the manifests kept", d.links.manifests.kept.Load)
	for range 100 {
		notify()
	}
	eventually(t, "NATS has told of all messages", func() bool { return d.Counters.NoResponders.Load() == sent })
	d.links.manifests.mu.Lock()
	defer d.links.manifests.mu.Unlock()
	if n := len(d.links.manifests.calls); n != 0 {
		t.Errorf("%d manifests are kept of %d messages, want none", n, sent)
	}
}

package batch

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// sent is one message as publish saw it.
type sent struct {
	id     uint64
	method string
	frames []wire.Frame
}

// recorder keeps copies of what is published; while hold is open, publish waits.
type recorder struct {
	t    testing.TB
	hold chan struct{}
	busy chan struct{} // told when a publish begins to wait

	mu   sync.Mutex
	sent []sent // guarded by mu
}

func newRecorder(t testing.TB) *recorder { return &recorder{t: t, busy: make(chan struct{}, 100)} }

func (r *recorder) publish(m *Message) {
	if r.hold != nil {
		r.busy <- struct{}{}
		<-r.hold
	}
	got := sent{id: m.ID, method: m.Method}
	data := slices.Clone(m.Data)
	frames, err := wire.ReadMessage(data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err == nil {
			got.frames = append(got.frames, f)
		}
	}
	for i, f := range got.frames {
		if i >= len(m.Seqs) || m.Seqs[i] != f.Seq {
			r.t.Errorf("the message says that its frames are %v; frame %d is %d", m.Seqs, i, f.Seq)
		}
	}
	if err != nil || len(got.frames) != m.Frames || len(m.Seqs) != m.Frames {
		r.t.Errorf("message %x: %d frames, %v; want %d, nil", data, len(got.frames), err, m.Frames)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, got)
}

// messages returns the sequence numbers of each message that was sent.
func (r *recorder) messages() (seqs [][]uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.sent {
		var s []uint64
		for _, f := range m.frames {
			s = append(s, f.Seq)
		}
		seqs = append(seqs, s)
	}
	return seqs
}

func call(seq uint64) *wire.Frame {
	return &wire.Frame{Kind: wire.KindCall, Seq: seq, Time: 1000, Body: []byte{0x90}}
}

// wantMessages compares what was sent with lists of sequence numbers.
func wantMessages(t *testing.T, r *recorder, want ...[]uint64) {
	t.Helper()
	if got := r.messages(); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("messages = %v, want %v", got, want)
	}
}

// addBehind adds frames while the batcher is busy sending frame 0, then lets go and waits
// until all have left.
func addBehind(r *recorder, b *Batcher, add func()) {
	r.hold = make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() { b.Add(call(0), Call{Method: "first"}, false) })
	<-r.busy
	add()
	close(r.hold)
	done.Wait()
}

func TestAFrameAloneLeavesAtOnceOnItsCallersGoroutine(t *testing.T) {
	r := newRecorder(t)
	b := New(nil, nil, r.publish)
	for seq := range uint64(3) {
		b.Add(call(seq), Call{Method: "add"}, false)
		// No waiting: Add has returned, so the frame has left.
		if got := len(r.messages()); got != int(seq)+1 {
			t.Fatalf("%d messages after %d frames, want as many", got, seq+1)
		}
	}
	wantMessages(t, r, []uint64{0}, []uint64{1}, []uint64{2})
}

func TestFramesThatWaitAtTheSameMomentShareAMessage(t *testing.T) {
	r := newRecorder(t)
	b := New(nil, nil, r.publish)
	addBehind(r, b, func() {
		for seq := uint64(1); seq <= 5; seq++ {
			b.Add(call(seq), Call{Method: "add", Work: MinWork}, true) // returns: somebody else is the sender
		}
	})
	wantMessages(t, r, []uint64{0}, []uint64{1, 2, 3, 4, 5})
	if frames, messages := b.Sent(); frames != 6 || messages != 2 {
		t.Errorf("Sent() = %d, %d; want 6, 2", frames, messages)
	}
}

func TestAMessageOfSeveralMethodsNamesThemAndOneOfASingleMethodDoesNot(t *testing.T) {
	r := newRecorder(t)
	b := New(nil, nil, r.publish)
	addBehind(r, b, func() {
		b.Add(call(1), Call{Method: "add"}, true)
		b.Add(call(2), Call{Method: "add"}, true)
		b.Add(call(3), Call{Method: "sub"}, true)
		b.Add(call(4), Call{Method: "add"}, true)
	})
	wantMessages(t, r, []uint64{0}, []uint64{1, 2, 3, 4})
	if got := r.sent[0]; got.method != "first" || got.frames[0].Method != "" {
		t.Errorf("message of one method = subject %q, frame %q; want %q and no name", got.method, got.frames[0].Method, "first")
	}
	var names []string
	for _, f := range r.sent[1].frames {
		names = append(names, f.Method)
	}
	if want := []string{"add", "add", "sub", "add"}; r.sent[1].method != "" || !slices.Equal(names, want) {
		t.Errorf("mixed message = subject %q, frames %q; want none and %q", r.sent[1].method, names, want)
	}
}

func TestAMessageIsFullWhenItsExpectedWorkIs(t *testing.T) {
	slow := 2 * time.Millisecond
	for _, tt := range []struct {
		name string
		work []time.Duration
		want [][]uint64
	}{
		{"slow calls go one a message", []time.Duration{slow, slow, slow}, [][]uint64{{0}, {1}, {2}, {3}}},
		{"quick calls share", []time.Duration{MinWork, MinWork, MinWork}, [][]uint64{{0}, {1, 2, 3}}},
		{"unknown ones go a few a message", []time.Duration{UnknownWork, UnknownWork, UnknownWork, UnknownWork, UnknownWork}, [][]uint64{{0}, {1, 2, 3, 4}, {5}}},
		{"a slow one doesn't join quick ones", []time.Duration{MinWork, slow, MinWork}, [][]uint64{{0}, {1}, {2}, {3}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecorder(t)
			b := New(nil, nil, r.publish)
			addBehind(r, b, func() {
				for i, work := range tt.work {
					b.Add(call(uint64(i+1)), Call{Method: "add", Work: work}, true)
				}
			})
			wantMessages(t, r, tt.want...)
		})
	}
}

func TestAMessageStaysBelowItsSizeUnlessOneFrameAloneIsLarger(t *testing.T) {
	r := newRecorder(t)
	const limit = 1000
	var largest int
	b := New(func() int { return limit }, nil, func(m *Message) {
		if m.Frames > 1 {
			largest = max(largest, len(m.Data))
		}
		r.publish(m)
	})
	addBehind(r, b, func() {
		for seq := uint64(1); seq <= 20; seq++ {
			f := call(seq)
			f.Body = msgpack.AppendBytes(msgpack.AppendArrayHeader(nil, 1), make([]byte, 150))
			method := "add"
			if seq == 3 {
				method = "subtract" // the names that the others get now count as well
			}
			b.Add(f, Call{Method: method}, true)
		}
		large := call(21)
		large.Body = make([]byte, 5*limit)
		b.Add(large, Call{Method: "add"}, true)
	})
	if largest == 0 || largest > limit {
		t.Errorf("the largest shared message has %d bytes, want 1 to %d", largest, limit)
	}
	messages := r.messages()
	if last := messages[len(messages)-1]; !slices.Equal(last, []uint64{21}) {
		t.Errorf("last message = %v, want the large frame alone", last)
	}
}

func TestTheMessageIsKnownBeforeItLeaves(t *testing.T) {
	var id Left
	var atPublish uint64
	var message uint64
	b := New(nil, nil, func(m *Message) { atPublish, message = id.In(), m.ID })
	b.Add(call(1), Call{Method: "add", Left: &id}, false)
	if atPublish != message || message == 0 {
		t.Errorf("while its message %d leaves, the frame knows message %d", message, atPublish)
	}
}

func TestEveryFrameLeavesOnceHoweverManyGoroutinesAdd(t *testing.T) {
	r := newRecorder(t)
	b := New(nil, nil, r.publish)
	const goroutines, each = 50, 200
	var wg sync.WaitGroup
	for g := range uint64(goroutines) {
		wg.Go(func() {
			for i := range uint64(each) {
				b.Add(call(g*each+i), Call{Method: fmt.Sprint("m", i%3), Work: MinWork}, true)
			}
		})
	}
	wg.Wait()
	waitIdle(t, b)
	seen := make(map[uint64]int)
	last := make(map[uint64]uint64)
	for _, m := range r.messages() {
		for _, seq := range m {
			seen[seq]++
			if g := seq / each; seq < last[g] {
				t.Errorf("frame %d left after %d of the same goroutine", seq, last[g])
			} else {
				last[g] = seq
			}
		}
	}
	if len(seen) != goroutines*each {
		t.Errorf("%d frames left, want %d", len(seen), goroutines*each)
	}
	for seq, n := range seen {
		if n != 1 {
			t.Errorf("frame %d left %d times, want once", seq, n)
		}
	}
}

// waitIdle returns when nobody sends any more; a sender that took over may outlast Add.
func waitIdle(t *testing.T, b *Batcher) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		sending := b.sending
		b.mu.Unlock()
		if !sending {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the batcher still sends after 10 s")
		}
	}
}

func TestACorkedBatcherSendsWhatGatheredInOneMessage(t *testing.T) {
	r := newRecorder(t)
	b := New(nil, nil, r.publish)
	if !b.Cork() {
		t.Fatal("Cork = false on an idle batcher")
	}
	if b.Cork() {
		t.Error("Cork = true on one that is corked")
	}
	for seq := uint64(1); seq <= 3; seq++ {
		b.Add(call(seq), Call{Method: "add"}, true)
	}
	wantMessages(t, r)
	b.Uncork()
	wantMessages(t, r, []uint64{1, 2, 3})
	if b.Cork() {
		b.Uncork() // with nothing gathered
	} else {
		t.Error("Cork = false after Uncork")
	}
	b.Add(call(4), Call{Method: "add"}, false)
	wantMessages(t, r, []uint64{1, 2, 3}, []uint64{4})
}

func TestAHolderWaitsForCallersAsLongAsTheyUsuallyCallAgain(t *testing.T) {
	r := newRecorder(t)
	b := New(nil, nil, r.publish)
	const woken = 4
	var seq uint64
	// hold wakes callers of whom so many call again, one whenever the holder yields, and
	// returns how often it yielded.
	hold := func(again int) (yields int) {
		b.yield = func() {
			if yields++; yields <= again {
				seq++
				b.Add(call(seq), Call{Method: "add"}, false)
			}
		}
		b.Cork()
		b.Linger(woken)
		b.Uncork()
		return yields
	}
	if got := hold(woken); got != 1 {
		t.Errorf("the first time it yielded %d times, want once: nothing is known of the callers", got)
	}
	for range 20 {
		b.yield = func() {}
		b.Cork()
		for range woken {
			seq++
			b.Add(call(seq), Call{Method: "add"}, false)
		}
		b.Linger(woken)
		b.Uncork()
	}
	if got := hold(woken); got != woken {
		t.Errorf("it yielded %d times to %d callers that call again, want until all are there", got, woken)
	}
	for n := 0; hold(0) > 1; n++ {
		if n == 20 {
			t.Fatal("after 20 times that nobody called again, it still yields more than once")
		}
	}
	if got := hold(0); got != 1 {
		t.Errorf("it yielded %d times to callers that don't call again, want once", got)
	}
}

func TestAWholeMessageLeavesWithoutWaitingForItsTurn(t *testing.T) {
	r := newRecorder(t)
	b := New(nil, nil, r.publish)
	b.Cork()
	b.Add(call(1), Call{Method: "add"}, true)
	var id Left
	b.AddWhole(call(2), Call{Method: "add", Left: &id}, func(opening []byte) ([]byte, int) { return wire.AppendFrame(slices.Clone(opening), call(2)), 0 })
	wantMessages(t, r, []uint64{2})
	b.Uncork()
	wantMessages(t, r, []uint64{2}, []uint64{1})
	if got := r.sent[0]; got.id != id.In() || got.id == 0 || got.method != "add" {
		t.Errorf("it left as message %d of %q, want %d of add", got.id, got.method, id.In())
	}
	if frames, messages := b.Sent(); frames != 2 || messages != 2 {
		t.Errorf("Sent() = %d, %d; want 2, 2", frames, messages)
	}
}

func TestLargeFramesGoWholeAndMediumOnesThatAreAlone(t *testing.T) {
	for _, test := range []struct {
		size          int
		alone, others bool
	}{{100, false, false}, {medium, true, false}, {large, true, true}} {
		f := &wire.Frame{Kind: wire.KindCall, Body: make([]byte, test.size)}
		if alone, others := GoesWhole(f, false), GoesWhole(f, true); alone != test.alone || others != test.others {
			t.Errorf("%d bytes: goes whole %v alone and %v in others, want %v and %v", test.size, alone, others, test.alone, test.others)
		}
	}
}

func TestACallerDoesNotSendForOthersForEver(t *testing.T) {
	// Each message that leaves brings another one, as under endless load.
	var b *Batcher
	stop := make(chan struct{})
	next := uint64(0)
	b = New(nil, nil, func(*Message) {
		select {
		case <-stop:
		default:
			next++
			b.Add(call(next), Call{Method: "add", Work: WorkBudget}, true)
		}
	})
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		b.Add(call(0), Call{Method: "add", Work: WorkBudget}, false)
	}()
	select {
	case <-returned:
	case <-time.After(10 * time.Second):
		t.Error("Add still sends other callers' frames after 10 s")
	}
	close(stop)
	waitIdle(t, b)
}

func TestAddingAFrameAllocatesNothing(t *testing.T) {
	b := New(nil, nil, func(*Message) {})
	f := call(1)
	allocs := testing.AllocsPerRun(1000, func() { b.Add(f, Call{Method: "add", Work: MinWork}, false) })
	// The message comes from a pool, which the garbage collector may empty, and which
	// the race detector has forget one in four.
	if allocs >= 1 {
		t.Errorf("Add allocates %v times, want 0", allocs)
	}
}

func BenchmarkBatcher(b *testing.B) {
	batcher := New(nil, nil, func(*Message) {})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		f := call(1)
		for pb.Next() {
			batcher.Add(f, Call{Method: "add", Work: MinWork}, false)
		}
	})
}

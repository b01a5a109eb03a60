package batch

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/helium-rpc/helium/internal/wire"
)

// stuck is a batcher whose publish waits with its first message, until release is called.
func stuck(t *testing.T) (b *Batcher, r *recorder, release func()) {
	r = newRecorder(t)
	r.hold = make(chan struct{})
	b = New(nil, nil, r.publish)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Add(call(1), Call{Method: "m"}, false)
	}()
	<-r.busy
	return b, r, func() {
		close(r.hold)
		<-done
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.sending || b.head < len(b.queue) {
			t.Error("the batcher still sends")
		}
	}
}

func TestWhatIsWithdrawnFromTheQueueDoesntLeave(t *testing.T) {
	for name, of := range map[string]struct {
		methods  []string // of the calls from 2 on
		withdraw []uint64
		want     [][]uint64
	}{
		"one of three":       {[]string{"m", "m", "m"}, []uint64{3}, [][]uint64{{1}, {2, 4}}},
		"one of two methods": {[]string{"m", "n", "m"}, []uint64{2}, [][]uint64{{1}, {3, 4}}},
		"all":                {[]string{"m", "m"}, []uint64{2, 3}, [][]uint64{{1}}},
		"none":               {[]string{"m", "m"}, nil, [][]uint64{{1}, {2, 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			b, r, release := stuck(t)
			left := make(map[uint64]*Left)
			for i, method := range of.methods {
				seq := uint64(i + 2)
				left[seq] = new(Left)
				b.Add(call(seq), Call{Method: method, Left: left[seq]}, false)
			}
			for _, seq := range of.withdraw {
				if !b.Withdraw(seq, left[seq]) {
					t.Errorf("call %d can't be withdrawn, but it waits in the queue", seq)
				}
			}
			release()
			wantMessages(t, r, of.want...)
		})
	}
}

func TestACallOfWhateverKindIsWithdrawnFromTheMessageThatItShares(t *testing.T) {
	kinds := map[string]*wire.Frame{
		"a call":       call(0),
		"a stream":     {Kind: wire.KindStream, Time: 1000, Body: []byte{0x90}, Terms: &wire.Terms{Lasts: 5000, Credit: wire.Credit{Bytes: 3, Items: 4}}},
		"a large call": {Kind: wire.KindLargeCall, Time: 1000, Body: []byte{0x90}},
	}
	for name, f := range kinds {
		t.Run(name, func(t *testing.T) {
			r := newRecorder(t)
			clock := func(m *Message) { // whose number is that of the call
				m.Data = wire.AppendFrame(wire.AppendMessageHeader(m.Data), &wire.Frame{Kind: wire.KindSender, Seq: 1})
			}
			b := New(nil, clock, func(m *Message) {
				opening := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindSender, Seq: 1})
				if !bytes.HasPrefix(m.Data, opening) {
					t.Errorf("the message is %x, want it to begin with %x", m.Data, opening)
				}
				m.Data = slices.Concat(wire.AppendMessageHeader(nil), bytes.TrimPrefix(m.Data, opening))
				r.publish(m)
			})
			var one, two Left
			b.Cork()
			for seq, left := range map[uint64]*Left{1: &one, 2: &two} {
				numbered := *f
				numbered.Seq = seq
				b.Add(&numbered, Call{Method: "m", Left: left}, false)
			}
			if !b.Withdraw(1, &one) {
				t.Error("it can't be withdrawn, but it waits in the queue")
			}
			b.Uncork()
			wantMessages(t, r, []uint64{2})
			if left := *f; len(r.sent) == 1 && len(r.sent[0].frames) == 1 {
				left.Seq = 2
				if got := r.sent[0].frames[0]; !reflect.DeepEqual(got, left) {
					t.Errorf("what stays is %+v, want %+v", got, left)
				}
			}
			if frames, messages := b.Sent(); frames != 1 || messages != 1 {
				t.Errorf("%d frames in %d messages are counted, want 1 in 1", frames, messages)
			}
		})
	}
}

func TestWhatHasLeftIsntWithdrawn(t *testing.T) {
	r := newRecorder(t)
	b := New(nil, nil, r.publish)
	var left Left
	b.Add(call(1), Call{Method: "m", Left: &left}, false)
	if b.Withdraw(1, &left) {
		t.Error("a call that has left was withdrawn")
	}
	wantMessages(t, r, []uint64{1})
}

func TestWhatIsWithdrawnBeforeItIsAddedDoesntLeave(t *testing.T) {
	r := newRecorder(t)
	b := New(nil, nil, r.publish)
	var one, two Left
	if !b.Withdraw(1, &one) || !b.Withdraw(2, &two) {
		t.Fatal("calls that aren't added yet can't be withdrawn")
	}
	b.Add(call(1), Call{Method: "m", Left: &one}, false)
	b.AddWhole(call(2), Call{Method: "m", Left: &two}, func(opening []byte) ([]byte, int) { return wire.AppendFrame(slices.Clone(opening), call(2)), 0 })
	b.Add(call(3), Call{Method: "m"}, false)
	wantMessages(t, r, []uint64{3})
}

func TestCallsThatAreToGoApartShareNoMessage(t *testing.T) {
	b, r, release := stuck(t)
	for seq := uint64(2); seq <= 6; seq++ {
		b.Add(call(seq), Call{Method: "m", Apart: seq == 3 || seq == 4}, false)
	}
	release()
	wantMessages(t, r, []uint64{1}, []uint64{2}, []uint64{3}, []uint64{4}, []uint64{5, 6})
}

package link

import (
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

func TestAMessageSaysWhenItWasBegunAndItsCallsHowMuchTimeTheyHadThen(t *testing.T) {
	c := newClock()
	var sent []wire.Frame
	var began time.Time
	b := batch.New(0, c.open, func(m *batch.Message) {
		began = m.Began
		frames, err := wire.ReadMessage(m.Data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil {
				sent = append(sent, f)
			}
		}
		if err != nil {
			t.Error(err)
		}
	})
	deadline := time.Now().Add(time.Hour)
	b.Add(&wire.Frame{Kind: wire.KindCall, Seq: 1, Time: 1, Body: []byte{0x90}}, batch.Call{Method: "add", Deadline: deadline}, false)
	if len(sent) != 2 || sent[0].Kind != wire.KindSender || sent[1].Kind != wire.KindCall {
		t.Fatalf("sent %+v, want a frame about the sender and the call", sent)
	}
	if want := uint64(began.Sub(c.born) / time.Microsecond); sent[0].Seq != c.id.Load() || sent[0].Time != want {
		t.Errorf("the clock is %d and says %d, want %d and %d", sent[0].Seq, sent[0].Time, c.id.Load(), want)
	}
	if want := wire.Milliseconds(deadline.Sub(began)); sent[1].Time != want {
		t.Errorf("the call has %d ms left, want the %d ms between the message's beginning and its deadline", sent[1].Time, want)
	}
}

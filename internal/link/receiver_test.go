package link

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// silent is a link that nobody is told by.
type silent struct{ memory }

func (*silent) Answered(*Call, *helium.Error) {}

// again is a waiter that calls again as soon as it is answered.
type again struct{ call func() }

func (a again) Arrive(*wire.Frame, *helium.Error) { a.call() }
func (again) Fail(*helium.Error)                  {}

func TestCallersThatAreAnsweredTogetherAreWokenInHalvesWhereTheirProcessHasOneProcessorAndNATSAnother(t *testing.T) {
	for _, test := range []struct {
		processors         int
		inProcess          bool
		inFlight, answered int
		want               []int // how many calls the next messages have
	}{
		{processors: 1, inFlight: 40, answered: 40, want: []int{20, 20}},
		{processors: 1, inFlight: 40, answered: 30, want: []int{20, 10}},
		{processors: 1, inFlight: 40, answered: 15, want: []int{15}}, // others are under way
		{processors: 1, inFlight: 10, answered: 10, want: []int{8, 2}},
		{processors: 1, inFlight: 6, answered: 6, want: []int{6}},
		{processors: 1, inFlight: 300, answered: 300, want: []int{150, 150}},
		{processors: 1, inProcess: true, inFlight: 40, answered: 40, want: []int{40}},
		{processors: 2, inFlight: 40, answered: 40, want: []int{40}},
	} {
		t.Run(fmt.Sprintf("%d answers to %d calls, %d processors, NATS in this process %t", test.answered, test.inFlight, test.processors, test.inProcess), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(test.processors))
			var got []int
			batcher := batch.New(nil, nil, func(m *batch.Message) { got = append(got, m.Frames) })
			waiter := again{func() { batcher.Add(&wire.Frame{Kind: wire.KindCall, Seq: 1}, batch.Call{}, true) }}
			var table inFlight
			by := new(carrier)
			r := &Receiver{carrier: by, link: new(silent), inFlight: &table, instances: new(instances), sent: new(sentLog), counters: new(Counters), elsewhere: !test.inProcess}
			data := wire.AppendMessageHeader(nil)
			to := &Method{Endpoint: new(Endpoint)}
			for n := range test.inFlight {
				c := &Call{To: to, Waiter: waiter, Deadline: time.Now().Add(time.Hour), by: by, batcher: batcher}
				table.enter(c)
				if n < test.answered {
					data = wire.AppendFrame(data, &wire.Frame{Kind: wire.KindReply, Seq: c.seq, Body: []byte{1}})
				}
			}
			if err := r.Receive(data, 1); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("those who call again share messages of %d calls, want %d", got, test.want)
			}
			if left := int(table.count.Load()); left != test.inFlight-test.answered {
				t.Errorf("%d calls are in flight, want %d", left, test.inFlight-test.answered)
			}
		})
	}
}

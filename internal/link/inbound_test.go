package link

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// newInbound returns one in which cancels come to the subject "ctl".
func newInbound(room, maxBytes int) *inbound {
	return &inbound{come: make(chan *nats.Msg, room), maxBytes: maxBytes, small: func(subject string) bool { return subject == "ctl" }}
}

func TestMessagesAreReceivedInTheOrderInWhichTheyCameHoweverManyWait(t *testing.T) {
	q := newInbound(5000, math.MaxInt)
	come, received := 0, 0
	receive := func(n int) {
		t.Helper()
		for range n {
			msg, tooMany := q.next()
			if want := fmt.Sprint(received); msg.Reply != want || tooMany {
				t.Fatalf("message %s, too many %v; want message %s", msg.Reply, tooMany, want)
			}
			received++
		}
	}
	for _, burst := range []int{1, 10, 1000, 100, 900, 500, 1} {
		for range burst {
			q.come <- &nats.Msg{Sub: new(nats.Subscription), Reply: fmt.Sprint(come)}
			come++
		}
		if !q.waits() {
			t.Error("nothing waits")
		}
		receive(max(1, burst/2))
	}
	receive(come - received)
	if q.waits() || q.bytes != 0 {
		t.Errorf("something waits: %v, %d bytes; want nothing", q.waits(), q.bytes)
	}
	q.come <- nil
	if msg, _ := q.next(); msg != nil {
		t.Error("the end isn't received")
	}
}

func TestNoMessageIsDroppedWhileMoreWaitThanTheChannelHolds(t *testing.T) {
	const room = 1000
	q := newInbound(room, math.MaxInt)
	dropped, come, received := 0, 0, 0
	for range 500 { // three come for each that is received
		for range 300 {
			select {
			case q.come <- &nats.Msg{Sub: new(nats.Subscription)}:
				come++
			default:
				dropped++
			}
		}
		for range 100 {
			q.next()
			received++
		}
	}
	if dropped > 0 {
		t.Errorf("%d messages found no room, want none", dropped)
	}
	tooMany := 0
	for ; received < come; received++ {
		if _, over := q.next(); over {
			tooMany++
		}
	}
	if q.waits() {
		t.Errorf("after all %d messages something waits", come)
	}
	if tooMany == 0 {
		t.Error("no message is to be refused, want those beyond what may wait")
	}
}

func TestWhatWaitsToBeReceivedIsBoundedInBytes(t *testing.T) {
	for name, msg := range map[string]nats.Msg{
		"data":    {Data: make([]byte, 1000)},
		"headers": {Header: nats.Header{"X": {strings.Repeat("x", 980)}}},
	} {
		t.Run(name, func(t *testing.T) { boundedInBytes(t, msg) })
	}
}

// boundedInBytes is given a message of about 1,000 bytes.
func boundedInBytes(t *testing.T, of nats.Msg) {
	q := newInbound(1000, 100_000)
	for i := range 200 {
		q.come <- &nats.Msg{Sub: new(nats.Subscription), Reply: fmt.Sprint(i), Data: of.Data, Header: of.Header}
	}
	q.come <- &nats.Msg{Sub: new(nats.Subscription), Subject: "ctl", Data: make([]byte, 1000)}
	q.come <- &nats.Msg{} // a mark
	q.come <- nil
	var kept, refused []string
	last := ""
	for msg, tooMany := q.next(); msg != nil; msg, tooMany = q.next() {
		switch {
		case tooMany && len(kept) > 0:
			t.Fatal("a message is refused after others were received, want them refused first")
		case tooMany:
			refused = append(refused, msg.Reply)
		default:
			kept = append(kept, msg.Reply)
			last = last + msg.Subject
		}
	}
	const fit = 100_000 / (1000 + messageOverhead)
	if len(kept) != fit+2 || len(refused) != 200-fit || refused[0] != fmt.Sprint(fit) {
		t.Errorf("%d messages are received and %d refused, the first one %q; want %d with a cancel and a mark, %d, %d", len(kept), len(refused), refused[0], fit+2, 200-fit, fit)
	}
	if last != "ctl" {
		t.Errorf("the cancels are %q, want one", last)
	}
}

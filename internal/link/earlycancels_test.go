package link

import (
	"slices"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/wire"
)

// begin returns a call of math.add and what sends it.
func begin(d *Dispatcher) (c *Call, send func()) {
	c = &Call{To: d.Endpoint("math", "").Method("add"), Deadline: time.Now().Add(time.Minute), Waiter: waitFor{make(chan outcome, 1)}}
	return c, func() {
		args := codec.NewWriter(make([]byte, wire.Room))
		args.ArrayHeader(0)
		_ = d.Send(c, &wire.Frame{Kind: wire.KindCall, Time: 60000, Body: args.Bytes()}, &args, false)
	}
}

// giveUp cancels a call that was taken out of the table.
func giveUp(t *testing.T, d *Dispatcher, c *Call) {
	t.Helper()
	if d.Withdraw(c) {
		t.Fatal("the call was withdrawn, but it leaves already")
	}
	d.Cancel(c, nil, false)
}

func (l *memory) wantCanceled(t *testing.T, when string, want ...uint64) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.canceled, want) {
		t.Errorf("%s the link was told of the cancels %v, want %v", when, l.canceled, want)
	}
}

func toMath(to *Endpoint, _ string) bool { return to.Service == "math" }

func TestACancelFollowsTheMessageThatItsCallLeavesIn(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := &frozen{memory: memory{reaches: toMath}, began: make(chan struct{}, 1), thaw: make(chan struct{})}
	l.receiver = d.Add(l)
	c, send := begin(d)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		send()
	}()
	<-l.began
	seq := c.Seq()
	if !d.Take(c) {
		t.Fatal("the call isn't in flight")
	}
	giveUp(t, d, c)
	l.wantCanceled(t, "before its message has left")
	close(l.thaw)
	<-sent
	l.wantCanceled(t, "once that has left", seq)
	if n := d.links.early.count.Load(); n != 0 {
		t.Errorf("cancels of %d messages are kept, want none", n)
	}
}

func TestACancelGoesByTheLinkOfItsCallThoughThatWasGivenUpBeforeItsLinkWasChosen(t *testing.T) {
	d, _ := newTestDispatcher(t)
	c, send := begin(d)
	taken := false
	l := &memory{}
	l.reaches = func(to *Endpoint, _ string) bool { // asked while the link is chosen
		taken = taken || d.Take(c)
		return to.Service == "math"
	}
	l.receiver = d.Add(l)
	send()
	if !taken {
		t.Fatal("the call wasn't taken out of the table")
	}
	giveUp(t, d, c)
	l.wantCanceled(t, "afterwards", c.Seq())
}

func TestTheCancelOfACallThatNoLinkHasTakenIsNotKept(t *testing.T) {
	for name, late := range map[string]bool{"given up before": false, "given up afterwards": true} {
		t.Run(name, func(t *testing.T) {
			d, _ := newTestDispatcher(t)
			c, send := begin(d)
			l := &memory{refuses: helium.ErrDisconnected.WithOutcome(helium.Unknown)}
			taken := false
			l.reaches = func(to *Endpoint, _ string) bool {
				if !taken {
					if taken = d.Take(c); !late {
						giveUp(t, d, c)
					}
				}
				return to.Service == "math"
			}
			l.receiver = d.Add(l)
			send()
			if late {
				giveUp(t, d, c)
			} else {
				l.wantCanceled(t, "afterwards")
			}
			if n := d.links.early.count.Load(); n != 0 {
				t.Errorf("cancels of %d messages are kept, want none", n)
			}
		})
	}
}

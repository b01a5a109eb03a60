package link

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/wire"
)

// overloaded is what an instance answers that refuses a call for load.
var overloaded = helium.ErrOverloaded.WithOutcome(helium.NotExecuted)

// passes returns how many of some calls that come at the same moment aren't held back.
func passes(t *throttle, calls int) (sent int) {
	for range calls {
		if !t.holds() {
			sent++
		}
	}
	return sent
}

func TestWhatMayBeSentToInstancesThatAnswerInBurstsIsSpreadEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var th throttle
		one := new(Instance)
		total := 0
		for tick := range 1000 { // milliseconds
			if tick%50 == 0 {
				for range 50 { // as from handlers that all sleep for 50 ms
					th.answered(one, nil)
				}
			}
			th.answered(one, overloaded)
			sent := passes(&th, 20)
			if total += sent; tick >= 300 && sent > leastBurst {
				t.Errorf("%d calls leave in millisecond %d, want them spread, %d at most at once", sent, tick, leastBurst)
			}
			time.Sleep(time.Millisecond)
		}
		if total < 1700 || total > 3000 {
			t.Errorf("%d calls have left while 1,000 were taken, want about twice as many", total)
		}
	})
}

func TestRefusalsOfWholeMessagesHoldCallsBackToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var table inFlight
		by := new(carrier)
		r := &Receiver{carrier: by, link: new(silent), inFlight: &table, manifests: &manifests{inFlight: &table}, instances: new(instances), sent: new(sentLog), counters: new(Counters)}
		to := &Method{Endpoint: new(Endpoint)}
		const token = 7
		for range throttleAfter {
			c := &Call{To: to, Waiter: again{func() {}}, Deadline: time.Now().Add(time.Hour), by: by}
			table.enter(c)
			c.left.Set(1, token)
		}
		refusal := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindError, Body: wire.AppendError(nil, overloaded)})
		if err := r.Receive(refusal, token); err != nil {
			t.Fatal(err)
		}
		if sent := passes(&to.throttle, 10*throttleAfter); sent != throttleAfter {
			t.Errorf("%d calls leave right after a message of %d was refused for load, want as many, and the rest held back", sent, throttleAfter)
		}
		time.Sleep(throttlePause)
		if sent := passes(&to.throttle, 100); sent != 100 {
			t.Errorf("%v later %d of 100 calls leave, want all", throttlePause, sent)
		}
	})
}

func TestWhileInstancesRefuseMostCallsOthersAreHeldBackWhateverTheWayTheyAreSent(t *testing.T) {
	ways := map[string]func(*Dispatcher, *Call) *helium.Error{
		"whole": func(d *Dispatcher, c *Call) *helium.Error {
			args := codec.NewWriter(make([]byte, wire.Room))
			args.ArrayHeader(0)
			return d.Send(c, &wire.Frame{Kind: wire.KindCall, Time: 60000, Body: args.Bytes()}, &args, true)
		},
		"in chunks": func(d *Dispatcher, c *Call) *helium.Error {
			return d.Announce(c, &wire.Frame{Kind: wire.KindLargeCall, Time: 60000, Body: wire.AppendExtent(nil, wire.ExtentOf([]byte("large")))})
		},
	}
	for name, send := range ways {
		d, _ := newTestDispatcher(t)
		to := d.Endpoint("math", "i1").Method("add")
		to.throttle.refused(nil, time.Now())
		to.throttle.on.Store(true) // and has no permits
		to.throttle.last = time.Now().Add(time.Hour)
		if e := send(d, &Call{To: to, Waiter: new(outcome), Deadline: time.Now().Add(time.Minute)}); e != errHeldBack {
			t.Errorf("%s: a call ended with %v, want that it is held back", name, e)
		}
		if held, n := d.Counters.HeldBack.Load(), d.InFlight(); held != 1 || n != 0 {
			t.Errorf("%s: %d calls are counted as held back and %d are in flight, want 1 and none", name, held, n)
		}
	}
}

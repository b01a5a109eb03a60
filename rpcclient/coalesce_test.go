package rpcclient_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// hammer makes calls from many goroutines at once and returns what was sent for them.
func hammer(t *testing.T, c *rpcclient.Client, goroutines, each int, names ...string) (frames, messages uint64) {
	t.Helper()
	for _, name := range names {
		if err := c.Call(t.Context(), name, nil); err != nil {
			t.Fatal(err)
		}
	}
	before := c.Stats()
	var next atomic.Int64
	for _, err := range collect(goroutines, func() error {
		for range each {
			name := names[int(next.Add(1))%len(names)]
			if err := c.Call(context.Background(), name, nil); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	after := c.Stats()
	frames, messages = after.FramesSent-before.FramesSent, after.MessagesSent-before.MessagesSent
	if want := uint64(goroutines * each); frames != want {
		t.Fatalf("%d calls were sent, want %d", frames, want)
	}
	return frames, messages
}

func TestCallsThatWaitAtTheSameMomentShareMessages(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "counter", new(counter))
	frames, messages := hammer(t, env.Client, 256, 40, "counter.countA")
	if frames < 2*messages {
		t.Errorf("%d calls of 256 goroutines left in %d messages, want well above one a message", frames, messages)
	}
}

func TestACallAloneDoesNotWaitForCompany(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	math := mathsvc.NewClient(env.Client)
	began := time.Now()
	for range 200 {
		if _, err := math.Add(t.Context(), 1, 2); err != nil {
			t.Fatal(err)
		}
	}
	inTime(t, began, "200 calls, one after the other,")
	if s := env.Client.Stats(); s.FramesSent != 200 || s.MessagesSent != 200 {
		t.Errorf("%d calls left in %d messages, want 200 in 200", s.FramesSent, s.MessagesSent)
	}
}

// spyOn counts the messages on a subject.
func spyOn(t *testing.T, env *heliumtest.Env, subject string) *atomic.Int64 {
	t.Helper()
	n := new(atomic.Int64)
	subscribe(t, env.Conn("spy"), subject, func(*nats.Msg) { n.Add(1) })
	return n
}

func TestCallsOfSeveralMethodsShareMessagesOnTheServicesSubject(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "counter", new(counter))
	shared := spyOn(t, env, "helium.call.counter")
	frames, messages := hammer(t, env.Client, 256, 40, "counter.countA", "counter.countB")
	if frames < 2*messages {
		t.Errorf("%d calls of two methods left in %d messages, want well above one a message", frames, messages)
	}
	if shared.Load() == 0 {
		t.Error("no message was on the service's subject")
	}
}

func TestPerMethodKeepsTheCallsOfDifferentMethodsApart(t *testing.T) {
	env := heliumtest.New(t)
	impl := new(counter)
	heliumtest.ServeWith(env, rpcserver.Config{PerMethod: true}, "counter", impl)
	shared := spyOn(t, env, "helium.call.counter")
	a, b := spyOn(t, env, "helium.call.counter.countA"), spyOn(t, env, "helium.call.counter.countB")
	hammer(t, env.Client, 64, 40, "counter.countA", "counter.countB")
	if got := shared.Load(); got != 0 {
		t.Errorf("%d messages were on the service's subject, want none", got)
	}
	eventually(t, func() error {
		if a.Load() == 0 || b.Load() == 0 {
			return errAway
		}
		return nil
	})
	if got := impl.a.Load() + impl.b.Load(); got != 64*40+2 {
		t.Errorf("%d calls ran, want %d", got, 64*40+2)
	}
}

// slow is a service whose method takes longer than a message may hold work.
type slow struct{}

func (slow) Work() { time.Sleep(2 * time.Millisecond) }

func TestSlowCallsGoOneAMessage(t *testing.T) {
	env := heliumtest.New(t)
	first := heliumtest.Serve(env, "slow", slow{})
	second := heliumtest.Serve(env, "slow", slow{})
	frames, messages := hammer(t, env.Client, 64, 5, "slow.work")
	if frames != messages {
		t.Errorf("%d slow calls left in %d messages, want one a message", frames, messages)
	}
	if a, b := first.Stats().Calls, second.Stats().Calls; a < frames/10 || b < frames/10 {
		t.Errorf("the instances had %d and %d calls, want them spread", a, b)
	}
}

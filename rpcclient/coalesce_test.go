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
	var frames, messages uint64
	hammerUntil(t, func() bool { return frames >= 2*messages }, "round with two calls a message", func() {
		frames, messages = hammer(t, env.Client, 256, 40, "counter.countA")
	})
}

func TestACallAloneDoesNotWaitForCompany(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	math := mathsvc.NewClient(env.Client)
	for range 200 {
		began := time.Now()
		if _, err := math.Add(t.Context(), 1, 2); err != nil {
			t.Fatal(err)
		}
		inTime(t, began, "a call")
	}
	if s := env.Client.Stats(); s.FramesSent != 200 || s.MessagesSent != 200 {
		t.Errorf("%d calls left in %d messages, want 200 in 200", s.FramesSent, s.MessagesSent)
	}
}

// spyOn returns a function that counts the messages on a subject so far: all that came
// before those that other connections have received by now.
func spyOn(t *testing.T, env *heliumtest.Env, subject string) func() int {
	t.Helper()
	nc, messages := env.Conn("spy"), make(chan *nats.Msg, 100_000)
	if _, err := nc.ChanSubscribe(subject, messages); err != nil {
		t.Fatal(err)
	}
	seen := func() int {
		t.Helper()
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		return len(messages)
	}
	seen() // so that the subscription is there
	return seen
}

// hammerUntil hammers until something was seen, which takes one round but for a rare chance.
func hammerUntil(t *testing.T, seen func() bool, what string, hammer func()) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		hammer()
		if seen() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("saw no %s within %v", what, patience)
		}
	}
}

func TestCallsOfSeveralMethodsShareMessagesOnTheServicesSubject(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "counter", new(counter))
	shared := spyOn(t, env, "helium.call.counter")
	var frames, messages uint64
	together := func() bool { return frames >= 2*messages && shared() > 0 }
	hammerUntil(t, together, "round with two calls a message, some on the service's subject", func() {
		frames, messages = hammer(t, env.Client, 256, 40, "counter.countA", "counter.countB")
	})
}

func TestPerMethodKeepsTheCallsOfDifferentMethodsApart(t *testing.T) {
	env := heliumtest.New(t)
	impl := new(counter)
	heliumtest.ServeWith(env, rpcserver.Config{PerMethod: true}, "counter", impl)
	shared := spyOn(t, env, "helium.call.counter")
	a, b := spyOn(t, env, "helium.call.counter.countA"), spyOn(t, env, "helium.call.counter.countB")
	hammer(t, env.Client, 64, 40, "counter.countA", "counter.countB")
	if got := shared(); got != 0 {
		t.Errorf("%d messages were on the service's subject, want none", got)
	}
	if a, b := a(), b(); a == 0 || b == 0 {
		t.Errorf("%d and %d messages were on the methods' subjects, want some on each", a, b)
	}
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

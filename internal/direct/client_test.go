package direct

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// callsAlone are what sends calls, without calls: it takes links, and asks servers for tickets.
type callsAlone struct {
	mu       sync.Mutex
	servers  map[string]*server             // guarded by mu; by instance
	asked    map[string]int                 // guarded by mu; by instance and service
	refuses  *helium.Error                  // guarded by mu; of Ask
	denied   string                         // guarded by mu; a service of which tickets may not be asked for
	links    map[*link.Receiver]*clientLink // guarded by mu
	sent     map[string]uint64              // guarded by mu
	busy     bool                           // guarded by mu; some of them are in flight
	meantime func()                         // guarded by mu; what goes on right after it was said whether some are; nil: nothing
	told     []string                       // guarded by mu; of instances that fell silent, or are absent
}

func newCallsAlone() *callsAlone {
	return &callsAlone{servers: make(map[string]*server), asked: make(map[string]int), links: make(map[*link.Receiver]*clientLink), sent: make(map[string]uint64)}
}

func (c *callsAlone) Add(l link.Link) *link.Receiver {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := new(link.Receiver)
	c.links[r] = l.(*clientLink)
	return r
}

func (c *callsAlone) Remove(gone *link.Receiver, _ error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.links, gone)
}

func (c *callsAlone) Busy(*link.Receiver) bool {
	c.mu.Lock()
	busy, meantime := c.busy, c.meantime
	c.mu.Unlock()
	if meantime != nil {
		meantime()
	}
	return busy
}

func (c *callsAlone) setMeantime(meantime func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.meantime = meantime
}

func (c *callsAlone) setBusy(busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = busy
}

func (*callsAlone) Rerouted() {}

func (c *callsAlone) FellSilent(service, instance string) { c.note("silent", service, instance) }

func (c *callsAlone) note(what, service, instance string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, what+" "+service+" "+instance)
}

func (c *callsAlone) Ask(_ context.Context, service, instance string, question []byte) ([]byte, *helium.Error) {
	c.mu.Lock()
	c.asked[instance+" "+service]++
	s, refuses := c.servers[instance], c.refuses
	if service == c.denied {
		refuses = helium.ErrNotPermitted.WithOutcome(helium.NotExecuted)
	}
	c.mu.Unlock()
	if refuses != nil {
		return nil, refuses
	}
	if s == nil {
		return nil, link.ErrNobody
	}
	frames, err := wire.ReadMessage(question)
	if err != nil {
		panic(err)
	}
	var f wire.Frame
	if err := frames.Next(&f); err != nil {
		panic(err)
	}
	client, err := wire.ReadTicketRequest(f.Body)
	if err != nil {
		panic(err)
	}
	return wire.AppendTicket(wire.AppendMessageHeader(nil), s.Ticket(service, client)), nil
}

func (c *callsAlone) SentTo(service string) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[service]
}

// tells returns what was told of instances.
func (c *callsAlone) tells() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.told)
}

// call counts a call of a service.
func (c *callsAlone) call(service string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[service]++
}

// times returns how often an instance was asked for a ticket for a service.
func (c *callsAlone) times(instance, service string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[instance+" "+service]
}

// reach returns the links that reach a service.
func (c *callsAlone) reach(service string) (links []*clientLink) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		if l.Reaches(&link.Endpoint{Service: service}, "add") {
			links = append(links, l)
		}
	}
	return links
}

// world is a client and servers in fake time.
type world struct {
	t      *testing.T
	calls  *callsAlone
	client *Client
}

func inFakeTime(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, calls: newCallsAlone()}
		var err error
		w.client, err = NewClient(ClientConfig{Links: w.calls, Secure: func() bool { return false }, Cluster: func() string { return "here" }, Log: quiet, Absent: func(service, instance string) { w.calls.note("absent", service, instance) }})
		if err != nil {
			t.Fatal(err)
		}
		defer w.client.Close()
		test(w)
	})
}

// server starts a server that the client can ask.
func (w *world) server() *server {
	s := listen(w.t, "")
	w.known(s)
	return s
}

// known has the client be able to ask a server.
func (w *world) known(s *server) {
	w.calls.mu.Lock()
	defer w.calls.mu.Unlock()
	w.calls.servers[s.config.Instance] = s
}

// refuse has all that is asked be refused; nil: no more.
func (w *world) refuse(e *helium.Error) {
	w.calls.mu.Lock()
	defer w.calls.mu.Unlock()
	w.calls.refuses = e
}

func offer(s *server) Offer {
	return Offer{Instance: s.config.Instance, Has: func(method string) bool { return method == "add" }}
}

// wantLinks wants so many links to reach a service, once all is at rest.
func (w *world) wantLinks(when, service string, n int) []*clientLink {
	w.t.Helper()
	synctest.Wait()
	all := w.calls.reach(service)
	if len(all) != n {
		w.t.Fatalf("%s %d links reach %q, want %d; states: %+v", when, len(all), service, n, w.client.States())
	}
	return all
}

func TestAClientHasOneConnectionToAnInstanceForAllItsServices(t *testing.T) {
	inFakeTime(t, func(w *world) {
		one, other := w.server(), w.server()
		w.client.Told("math", []Offer{offer(one), offer(other)})
		w.client.Told("texts", []Offer{offer(one)})
		w.wantLinks("at first", "math", 2)
		w.wantLinks("at first", "texts", 1)
		if a, b := one.Stats.Opened.Load(), other.Stats.Opened.Load(); a != 1 || b != 1 {
			t.Errorf("%d and %d connections were opened, want one each", a, b)
		}
		if w.calls.reach("math")[0].Reaches(&link.Endpoint{Service: "math"}, "sub") {
			t.Error("a link reaches a method that its instance doesn't have")
		}
	})
}

func TestALinkThatNobodyUsesIsClosedAndOpenedAgainWhenSomebodyCalls(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s := w.server()
		w.client.Told("math", []Offer{offer(s)})
		for range 5 {
			w.wantLinks("while it is called", "math", 1)
			w.calls.call("math")
			time.Sleep(unusedTime / 2)
		}
		time.Sleep(unusedTime + lookEvery)
		w.wantLinks("unused for a minute", "math", 0)
		time.Sleep(10 * unusedTime)
		w.wantLinks("unused for long", "math", 0)
		w.calls.call("math")
		time.Sleep(2 * lookEvery)
		w.wantLinks("called again", "math", 1)
		w.calls.setBusy(true)
		time.Sleep(10 * unusedTime)
		w.wantLinks("while a call runs for ten minutes", "math", 1)
		w.calls.setBusy(false)
		time.Sleep(unusedTime + lookEvery)
		w.wantLinks("a minute later", "math", 0)
	})
}

// unused has a link that nobody has used for a minute, and does something right after its client was told
// for the nth time since then that no call is in flight by it.
func (w *world) unused(nth int, do func(l *clientLink)) {
	w.t.Helper()
	s := listenAs(w.t, "", func(c *ListenConfig) {
		c.Serve = func(by link.Server) {
			for _, ok := by.Receive(); ok; _, ok = by.Receive() { // and answers nothing
			}
		}
	})
	w.known(s)
	w.client.Told("math", []Offer{offer(s)})
	l := w.wantLinks("at first", "math", 1)[0]
	due := time.Now().Add(unusedTime)
	w.calls.setMeantime(func() {
		if !time.Now().Before(due) {
			if nth--; nth == 0 {
				do(l)
			}
		}
	})
	time.Sleep(unusedTime + lookEvery)
	synctest.Wait()
	if nth > 0 {
		w.t.Fatalf("the client asked %d times less than expected whether calls are in flight", nth)
	}
}

func TestALinkThatACallHasGoneByIsNotClosedAsUnused(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.unused(1, func(l *clientLink) {
			w.calls.setBusy(true)
			if e := l.Send(&link.Endpoint{Service: "math"}, &batch.Message{Method: "add"}); e != nil {
				t.Errorf("the call wasn't taken: %v", e)
			}
		})
		if why := w.wantLinks("with a call in flight", "math", 1)[0].reason(); why != nil {
			t.Errorf("the link has ended with a call in flight: %v", why)
		}
		w.calls.setBusy(false)
		time.Sleep(unusedTime + 2*lookEvery)
		w.wantLinks("a minute after the call", "math", 0)
	})
}

func TestACallThatComesWhileALinkIsClosedAsUnusedDoesNotFail(t *testing.T) {
	inFakeTime(t, func(w *world) {
		sent := make(chan *helium.Error, 1)
		w.unused(2, func(l *clientLink) {
			if l.conn.mu.TryLock() {
				l.conn.mu.Unlock()
				t.Error("calls may be written between when the client was told that none is in flight, and the end")
			}
			go func() { sent <- l.Send(&link.Endpoint{Service: "math"}, &batch.Message{Method: "add"}) }()
		})
		if e := <-sent; e == nil || e.Outcome != helium.NotExecuted {
			t.Errorf("the call got %v, want that it wasn't executed, so that it goes by the bus", e)
		}
		w.wantLinks("that nobody used", "math", 0)
	})
}

func TestARightIsRenewedEachMinuteOrItsCallsGoByTheBus(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s := w.server()
		w.client.Told("math", []Offer{offer(s)})
		w.client.Told("texts", []Offer{offer(s)})
		use := func(d time.Duration) {
			for range d / (10 * time.Second) {
				w.calls.call("math")
				w.calls.call("texts")
				time.Sleep(10 * time.Second)
			}
		}
		use(10 * renewEvery)
		w.wantLinks("for ten minutes", "math", 1)
		if n := w.calls.times(s.config.Instance, "math"); n < 10 || n > 14 {
			t.Errorf("in ten minutes %d tickets were asked for, want about one each", n)
		}
		if s.Stats.Opened.Load() != 1 {
			t.Errorf("%d connections were opened, want 1", s.Stats.Opened.Load())
		}
		// The client may not ask any more.
		w.refuse(helium.ErrNotPermitted.WithOutcome(helium.NotExecuted))
		use(2 * rightTime)
		w.wantLinks("without the permission", "math", 0)
	})
}

func TestARightStaysWhileNobodyCanBeAskedAndTheServerDoesNotEndIt(t *testing.T) {
	for name, e := range map[string]*helium.Error{
		"the client has no NATS":         helium.ErrNotSent.WithOutcome(helium.NotExecuted),
		"the server has no NATS":         link.ErrNobody,
		"the server's NATS stands still": helium.ErrDeadline.WithOutcome(helium.Unknown),
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(w *world) {
				var reachable atomic.Bool
				s := listenAs(w.t, "", func(c *ListenConfig) { c.Reachable = func(context.Context) bool { return reachable.Load() } })
				w.known(s)
				w.client.Told("math", []Offer{offer(s)})
				w.wantLinks("at first", "math", 1)
				w.refuse(e)
				w.client.Told("math", nil) // its lease ends meanwhile
				use := func(d time.Duration) {
					for range d / (10 * time.Second) {
						w.calls.call("math")
						time.Sleep(10 * time.Second)
					}
				}
				use(time.Hour)
				w.wantLinks("an hour later", "math", 1)
				if told := w.calls.tells(); len(told) > 0 {
					t.Errorf("it tells %q of an instance to which a link stands", told)
				}
				w.refuse(nil)
				reachable.Store(true)
				use(10 * time.Minute)
				w.wantLinks("when it can be asked again", "math", 1)
				if n := s.Stats.Opened.Load(); n != 1 {
					t.Errorf("%d connections were opened, want 1", n)
				}
			})
		})
	}
}

func TestARightThatNATSRefusesToRenewEndsThoughTheServerCannotKnow(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s := listenAs(w.t, "", func(c *ListenConfig) { c.Reachable = func(context.Context) bool { return false } })
		w.known(s)
		w.client.Told("math", []Offer{offer(s)})
		w.wantLinks("at first", "math", 1)
		w.refuse(helium.ErrNotPermitted.WithOutcome(helium.NotExecuted))
		for range (keepFor + 10*time.Second) / time.Second {
			w.calls.call("math")
			time.Sleep(time.Second)
		}
		w.wantLinks("that may not be renewed", "math", 0)
	})
}

func TestARightThatTheServerEndsHasNoMoreCallsUntilThereIsANewOne(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s := w.server()
		w.client.Told("math", []Offer{offer(s)})
		w.wantLinks("at first", "math", 1)
		w.refuse(link.ErrNobody) // as where an export was taken away
		use := func(d time.Duration) {
			for range d / time.Second {
				w.calls.call("math")
				time.Sleep(time.Second)
			}
		}
		use(rightTime + 2*reviewEvery)
		w.wantLinks("which the server has ended", "math", 0)
		if state := w.client.States()[0]; len(state.Services) != 0 {
			t.Errorf("the client says that calls of %q go by the link, want of none", state.Services)
		}
		w.refuse(nil)
		use(2 * lastPause)
		w.wantLinks("when it can be asked again", "math", 1)
		w.refuse(link.ErrNobody)
		w.client.Told("math", nil)
		use(rightTime + 2*reviewEvery + unusedTime)
		if n := len(w.client.States()); n != 0 && len(w.calls.reach("math")) > 0 {
			t.Errorf("the client knows %d instances, want none once the right has ended", n)
		}
	})
}

func TestAServiceThatIsDeniedDisturbsNoOtherAtTheInstance(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.calls.denied = "secret"
		s := w.server()
		w.client.Told("secret", []Offer{offer(s)})
		w.client.Told("math", []Offer{offer(s)})
		time.Sleep(2 * lookEvery)
		for range 7200 {
			w.calls.call("math")
			w.calls.call("secret")
			w.wantLinks("all the while", "math", 1)
			state := w.client.States()[0]
			if state.Stage != StageLinked || !slices.Equal(state.Services, []string{"math"}) || !errors.Is(state.Reason, helium.ErrNotPermitted) || !strings.Contains(state.Reason.Error(), "secret") || state.Retry.IsZero() {
				t.Fatalf("the client says %+v, want a link for math, and why there is none for secret", state)
			}
			time.Sleep(time.Second)
		}
		if n := w.calls.times(s.config.Instance, "secret"); n < 60 || n > 150 {
			t.Errorf("in two hours a ticket that is denied was asked for %d times, want about one a minute", n)
		}
		if n := w.calls.times(s.config.Instance, "math"); n > 150 {
			t.Errorf("in two hours %d tickets were asked for, want about one a minute", n)
		}
	})
}

func TestWhoCannotBeReachedIsTriedAgainWithGrowingPauses(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s := listen(w.t, "")
		w.client.Told("math", []Offer{offer(s)})
		for range 120 {
			w.calls.call("math")
			time.Sleep(10 * time.Second)
		}
		if n := w.calls.times(s.config.Instance, "math"); n < 15 || n > 60 {
			t.Errorf("in twenty minutes a server that doesn't answer was asked %d times, want about one a minute", n)
		}
		state := w.client.States()[0]
		if state.Stage != StageTicket || !errors.Is(state.Reason, helium.ErrNoInstance) || state.Retry.IsZero() {
			t.Errorf("the client says %+v, want that it got no ticket, why, and when it tries again", state)
		}
		w.calls.mu.Lock()
		w.calls.servers[s.config.Instance] = s
		w.calls.mu.Unlock()
		for range 12 {
			w.calls.call("math")
			time.Sleep(10 * time.Second)
		}
		w.wantLinks("once it answers", "math", 1)
		if state := w.client.States()[0]; state.Stage != StageLinked || state.Reason != nil || len(state.Services) != 1 {
			t.Errorf("the client says %+v, want that calls of one service go by the link", state)
		}
	})
}

func TestWhoGivesTicketsThatLeadNowhereIsTriedAgainWithGrowingPausesWhateverTheService(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s := w.server()
		s.Listener.left() // it has no socket either
		w.client.Told("math", []Offer{offer(s)})
		w.client.Told("texts", []Offer{offer(s)})
		use := func(tens int) {
			for range tens {
				w.calls.call("math")
				w.calls.call("texts")
				time.Sleep(10 * time.Second)
			}
		}
		use(120)
		if n := w.calls.times(s.config.Instance, "math") + w.calls.times(s.config.Instance, "texts"); n < 15 || n > 60 {
			t.Errorf("in twenty minutes a server that can't be reached was asked %d times, want about one a minute", n)
		}
		state := w.client.States()[0]
		if state.Stage != StageReachable || !errors.Is(state.Reason, errNoAddress) || state.Retry.IsZero() {
			t.Errorf("the client says %+v, want that it reached nobody, why, and when it tries again", state)
		}
		left := meetings.add(s.config.Instance, func(raw rawConn) { s.take(raw, false) })
		defer left()
		use(12)
		w.wantLinks("once it can be reached", "math", 1)
		w.wantLinks("once it can be reached", "texts", 1)
	})
}

func TestALinkThatBreaksSoonAfterItWasOpenedIsOpenedAgainWithGrowingPauses(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s := w.server()
		w.client.Told("math", []Offer{offer(s)})
		breaks := func(every, during time.Duration) (opened uint64) {
			before := s.Stats.Opened.Load()
			for began := time.Now(); time.Since(began) < during; {
				w.calls.call("math")
				time.Sleep(every)
				for _, one := range s.all() {
					one.close()
				}
			}
			return s.Stats.Opened.Load() - before
		}
		if n := breaks(100*time.Millisecond, time.Hour); n < 40 || n > 120 {
			t.Errorf("in an hour a link that breaks at once was opened %d times, want about one a minute", n)
		}
		state := w.client.States()[0]
		if state.Reason == nil || state.Retry.IsZero() {
			t.Errorf("the client says %+v, want why there is no link, and when it tries again", state)
		}
		for range 180 {
			w.calls.call("math")
			time.Sleep(time.Second)
		}
		w.wantLinks("that doesn't break any more", "math", 1)
		for range 5 { // each after more than a minute
			s.all()[0].close()
			time.Sleep(2 * lookEvery)
			w.wantLinks("a moment after it broke", "math", 1)
			for range 70 {
				w.calls.call("math")
				time.Sleep(time.Second)
			}
		}
	})
}

func TestAClientHasLinksToSixtyFourInstancesThoseOfItsClusterFirst(t *testing.T) {
	inFakeTime(t, func(w *world) {
		var offers []Offer
		for range maxLinks {
			offers = append(offers, offer(w.server()))
		}
		here := offer(w.server())
		here.Cluster = "here"
		w.client.Told("math", append(offers, here))
		for range 3 {
			w.calls.call("math")
			time.Sleep(lookEvery)
		}
		found := false
		for _, l := range w.wantLinks("of 65 instances", "math", maxLinks) {
			found = found || l.instance == here.Instance
		}
		if !found {
			t.Error("the client has no link to the instance of its own cluster")
		}
		without := 0
		for _, state := range w.client.States() {
			if state.Stage == StageLinked {
				continue
			}
			if without++; state.Reason == nil || !strings.Contains(state.Reason.Error(), "64 links at most") || !state.Retry.IsZero() {
				t.Errorf("of the one beyond the client says %+v, want that it has 64 links at most", state)
			}
		}
		if without != 1 {
			t.Errorf("the client says of %d instances that they have no link, want 1", without)
		}
	})
}

func TestInstancesOfAServiceThatNobodyCallsTakeNoPlacesForLinks(t *testing.T) {
	inFakeTime(t, func(w *world) {
		var idle, hot []Offer
		for range 2 * maxLinks {
			o := offer(w.server())
			o.Cluster = "here"
			idle = append(idle, o)
		}
		for range 10 {
			hot = append(hot, offer(w.server()))
		}
		w.client.Told("idle", idle)
		time.Sleep(3 * unusedTime)
		w.client.Told("hot", hot)
		for range 5 {
			w.calls.call("hot")
			time.Sleep(lookEvery)
		}
		w.wantLinks("to instances that are called", "hot", len(hot))
		w.wantLinks("to instances that nobody calls", "idle", 0)
		for range 120 {
			w.calls.call("hot")
			w.calls.call("idle")
			time.Sleep(lookEvery)
		}
		if n := len(w.calls.reach("hot")) + len(w.calls.reach("idle")); n != maxLinks {
			t.Errorf("when both services are called there are %d links, want %d", n, maxLinks)
		}
	})
}

func TestAServerThatLeavesIsReachedNoMoreAndALinkThatBreaksIsMadeAgain(t *testing.T) {
	inFakeTime(t, func(w *world) {
		leaves, breaks := w.server(), w.server()
		w.client.Told("math", []Offer{offer(leaves), offer(breaks)})
		w.wantLinks("at first", "math", 2)
		leaves.Leave(context.Background())
		if l := w.wantLinks("after goodbye", "math", 1)[0]; l.instance != breaks.config.Instance {
			t.Error("calls go to the server that leaves")
		}
		leaves.Close()
		w.client.Told("math", []Offer{offer(breaks)})
		breaks.all()[0].close()
		w.wantLinks("after a break", "math", 0)
		time.Sleep(2 * lookEvery)
		w.wantLinks("a moment later", "math", 1)
		if n := len(w.client.States()); n != 1 {
			t.Errorf("the client knows %d instances, want the one that is there", n)
		}
	})
}

func TestAnInstanceThatTheRegistryForgetsKeepsItsLinkWhileItRenewsTheRight(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s := w.server()
		w.client.Told("math", []Offer{offer(s)})
		w.wantLinks("at first", "math", 1)
		w.client.Told("math", nil)
		use := func() {
			for range 6 {
				w.calls.call("math")
				time.Sleep(unusedTime / 2)
			}
		}
		use()
		w.wantLinks("forgotten", "math", 1)
		w.refuse(helium.ErrNotPermitted.WithOutcome(helium.NotExecuted))
		use()
		w.wantLinks("after its right", "math", 0)
		time.Sleep(unusedTime)
		if n := len(w.client.States()); n != 0 {
			t.Errorf("the client knows %d instances, want none", n)
		}
		w.refuse(nil)
		s2 := w.server()
		w.client.Told("math", []Offer{offer(s2)})
		w.wantLinks("another one", "math", 1)
	})
}

func TestALinkOfAFrozenServerBreaksWithinTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := pipe()
		ended := make(chan error, 1)
		l := &clientLink{conn: newConn(ours), instance: "i1"}
		l.broken = func(l *clientLink) { ended <- l.reason() }
		go l.read()
		defer l.close()
		defer theirs.Close()
		beat := func(n int, busy, late bool) (silent bool) {
			for range n {
				time.Sleep(wire.HeartbeatInterval)
				l.Beat(busy, late)
				synctest.Wait()
			}
			return len(ended) > 0
		}
		if beat(20, false, false) || beat(20, true, true) {
			t.Fatal("a link without calls in flight, or of a program that stood still, is taken for frozen")
		}
		if beat(1, false, false) || beat(3, true, false) {
			t.Error("a link is taken for frozen within one and a half seconds of its first call")
		}
		if _, err := theirs.Write(appendFrame(nil, &frame{kind: kindPong, token: 1}, 0)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if beat(3, true, false) { // of which the first hears the pong
			t.Error("a link is taken for frozen that has answered a ping")
		}
		if !beat(1, true, false) || !errors.Is(<-ended, errSilent) {
			t.Error("a link that has been silent for two seconds isn't taken for frozen")
		}
	})
}

func TestAClientTellsWhichInstancesAreSilentAndWhichAreGone(t *testing.T) {
	inFakeTime(t, func(w *world) {
		freezes, dies := w.server(), w.server()
		w.client.Told("math", []Offer{offer(freezes), offer(dies)})
		for _, l := range w.wantLinks("at first", "math", 2) {
			if l.instance == freezes.config.Instance {
				l.end(errSilent)
			}
		}
		w.calls.mu.Lock()
		delete(w.calls.servers, dies.config.Instance) // by the bus it isn't there any more
		w.calls.mu.Unlock()
		dies.all()[0].close()
		time.Sleep(2 * lookEvery)
		synctest.Wait()
		w.calls.mu.Lock()
		defer w.calls.mu.Unlock()
		if want := []string{"silent math " + freezes.config.Instance, "absent math " + dies.config.Instance}; len(w.calls.told) < 2 || !slices.Equal(w.calls.told[:2], want) {
			t.Errorf("it tells %q, want %q", w.calls.told, want)
		}
	})
}

func TestAFloodOfAnswersThatBreakTheProtocolDoesNotFillTheLog(t *testing.T) {
	ours, theirs := pipe()
	defer theirs.Close()
	var out lines
	over := make(chan struct{})
	l := &clientLink{conn: newConn(ours), instance: "i1", log: &boundedLog{log: out.logger()}, broken: func(l *clientLink) { close(over) }}
	defer l.close()
	d := link.NewDispatcher(new(nats.Conn), wire.Subjects{}, quiet) // nothing goes by the bus
	l.receiver = d.Add(l)
	go l.read()
	const flood = 1000
	for range flood {
		if _, err := theirs.Write(append(appendFrame(nil, &frame{kind: kindAnswers}, 9), "no answer"...)); err != nil {
			t.Fatal(err)
		}
	}
	counts(t, "answers that break the protocol", d.Counters.Malformed.Load, flood)
	theirs.Close()
	<-over
	if len(out.all) != 1 || !strings.Contains(out.all[0], "instance=i1") {
		t.Errorf("%d lines were logged of %d answers, want one that names the instance; the first: %.200q", len(out.all), flood, out.all)
	}
}

func TestATicketThatIsTakenAsTheLinkEndsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := pipe()
		l := &clientLink{conn: newConn(ours), instance: "i1", broken: func(*clientLink) {}}
		id := wire.TicketID{1}
		l.waiting = map[wire.TicketID]chan uint16{id: make(chan uint16, 1)}
		l.end(errClientClosed) // who waits is told, and is about to wait no more
		over := make(chan struct{})
		go func() {
			l.read()
			close(over)
		}()
		for _, f := range []frame{{kind: kindTaken, id: id, service: 2}, {kind: kindTaken, id: id, service: 2}} {
			if _, err := theirs.Write(appendFrame(nil, &f, 0)); err != nil {
				t.Fatal(err)
			}
		}
		_ = theirs.Close()
		<-over
	})
}

func TestClosingAClientDoesNotWaitForAServerThatDoesNotSayThatItTakesATicket(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s := w.server()
		s.Listener.left()
		took := make(chan error, 1)
		left := meetings.add(s.config.Instance, func(raw rawConn) {
			go func() {
				_, _, _, err := accept(raw, &s.tickets, nil, s.identity.Fingerprint, false)
				took <- err // and nothing more
			}()
		})
		defer left()
		w.client.Told("math", []Offer{offer(s)})
		synctest.Wait()
		if err := <-took; err != nil {
			t.Fatalf("the connection didn't open: %v", err)
		}
		began := time.Now()
		w.client.Close()
		if took := time.Since(began); took != 0 {
			t.Errorf("Close took %v, want no time", took)
		}
	})
}

func TestClosingAClientEndsAllOfIt(t *testing.T) {
	inFakeTime(t, func(w *world) {
		one, other := w.server(), listen(w.t, "")
		w.client.Told("math", []Offer{offer(one), offer(other)})
		w.wantLinks("at first", "math", 1)
		w.client.Close()
		w.wantLinks("closed", "math", 0)
		w.client.Told("math", []Offer{offer(one)})
		w.wantLinks("closed, and told", "math", 0)
		if n := one.Stats.Open.Load(); n != 0 {
			t.Errorf("%d connections are open at the server, want none", n)
		}
	})
}

package direct

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/vectors"
	"github.com/helium-rpc/helium/internal/wire"
)

// opened returns a connection for the service "math".
func opened(t testing.TB, s *server) (*caller, *clientLink) {
	t.Helper()
	c := newCaller(t)
	ticket := c.ticket(s, "math")
	l := c.dial(t, ticket.Addresses[0], ticket)
	return c, l
}

// prove proves a further ticket, and returns the number of its service.
func (l *clientLink) prove(t testing.TB, ticket *wire.Ticket) uint16 {
	t.Helper()
	if err := l.write(&frame{kind: kindProof, id: ticket.ID, proof: l.session.prove(&ticket.ID, &ticket.Secret)}, nil); err != nil {
		t.Fatal(err)
	}
	f := l.hear(t)
	if f.kind != kindTaken || f.id != ticket.ID {
		t.Fatalf("a frame of kind %d for ticket %x came, want what became of ticket %x", f.kind, f.id, ticket.ID)
	}
	return f.service
}

func TestAFurtherTicketOpensAnotherServiceOnTheSameConnection(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c, l := opened(t, s)
	if number := l.prove(t, c.ticket(s, "texts")); number != 2 {
		t.Errorf("the second service has the number %d, want 2", number)
	}
	if number := l.prove(t, c.ticket(s, "math")); number != 1 {
		t.Errorf("the first service has the number %d when it is asked for again, want 1", number)
	}
	if err := l.write(&frame{kind: kindCalls, service: 2, token: 5}, []byte("x")); err != nil {
		t.Fatal(err)
	}
	l.hear(t)
	if in := s.received()[0]; in.Service != "texts" || in.Method != "" {
		t.Errorf("what came is for %s.%s, want several methods of texts", in.Service, in.Method)
	}
}

func TestARefusalOfWhatIsSaidOfCallsDoesNotNameTheMessageBefore(t *testing.T) {
	s := listen(t, "memory:")
	l := meet(t, s)
	l.say(t, 7, "calls")
	if err := l.write(&frame{kind: kindCancels, service: 1}, []byte("cancels")); err != nil {
		t.Fatal(err)
	}
	l.say(t, 8, "more calls")
	came := s.received()
	if cancels := came[1]; !cancels.Cancels || cancels.From.Token != 0 || cancels.Method != "" {
		t.Errorf("behind a message with the token 7 a control message came with the token %d and the method %q, want it without both: its refusal would fail the calls of the other one", cancels.From.Token, cancels.Method)
	}
}

func TestAFurtherTicketIsRefusedThatIsNotThisConnections(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c, l := opened(t, s)
	other, _ := opened(t, s)
	replayed, wrong := c.ticket(s, "texts"), c.ticket(s, "texts")
	l.prove(t, replayed)
	wrong.Secret[0]++
	for name, ticket := range map[string]*wire.Ticket{"another client's": other.ticket(s, "texts"), "replayed": replayed, "made up": {ID: wire.TicketID{1}}, "with another secret": wrong} {
		if number := l.prove(t, ticket); number != 0 {
			t.Errorf("a ticket that is %s opens service %d, want it refused", name, number)
		}
	}
	l.say(t, 1, "the connection goes on")
	if n := s.Stats.WrongProofs.Load(); n != 4 {
		t.Errorf("%d wrong proofs are counted, want 4", n)
	}
}

func TestFurtherTicketsThatAreRefusedAreLoggedAtABoundedRate(t *testing.T) {
	var out lines
	s := listenAs(t, "127.0.0.1:0", func(c *ListenConfig) { c.Log = out.logger() })
	_, l := opened(t, s)
	for i := range 100 {
		if number := l.prove(t, &wire.Ticket{ID: wire.TicketID{byte(i)}}); number != 0 {
			t.Fatalf("a ticket that is made up opens service %d, want it refused", number)
		}
	}
	s.Close() // nothing is logged after it
	if len(out.all) != 1 || !strings.Contains(out.all[0], errUnknownTicket.Error()) || !strings.Contains(out.all[0], "instance="+s.config.Instance) {
		t.Errorf("100 tickets that are made up are logged as %q; want one line that says why, and at which instance", out.all)
	}
}

// leisurely is a connection that does something before the time it may take to open is over.
type leisurely struct {
	rawConn
	before func()
}

func (l *leisurely) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		l.before()
	}
	return l.rawConn.SetReadDeadline(t)
}

func TestAServerThatClosesAsAConnectionOpensDoesNotWaitForItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := listen(t, "memory:"), newCaller(t)
		closed := make(chan struct{})
		ours, theirs := pipe()
		s.take(&leisurely{theirs, func() {
			go func() {
				s.Close()
				close(closed)
			}()
			synctest.Wait() // until it waits for connections, or for ever
		}}, false)
		opened, err := c.open(t.Context(), ours, false, c.ticket(s, "math"))
		if err != nil {
			t.Fatal(err)
		}
		defer opened.close()
		opened.unlimited()
		<-closed
	})
}

func TestHostileBytesEndTheConnectionAndNoOther(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	_, honest := opened(t, s)
	broken := uint64(0)
	hostile := map[string][]byte{
		"a service without a ticket": appendFrame(nil, &frame{kind: kindCalls, service: 2}, 0),
		"the service 0":              appendFrame(nil, &frame{kind: kindCancels}, 0),
		"the last service":           appendFrame(nil, &frame{kind: kindCalls, service: 0xffff}, 0),
	}
	for _, v := range readVectors(t).Refused {
		hostile[v.Name] = vectors.Hex(t, v.Hex)
	}
	for name, b := range hostile {
		_, l := opened(t, s)
		if _, err := l.socket.Write(b); err != nil {
			t.Fatal(err)
		}
		ends(t, name, l.socket)
		broken++
		counts(t, "broken connections after "+name, s.Stats.Broken.Load, broken)
	}
	honest.say(t, 1, "hello")
}

func TestCallersThatReadNothingHoldUpNobody(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	_, l := opened(t, s)
	_, honest := opened(t, s)
	message := bytes.Repeat([]byte("x"), 1<<20)
	sent := 0
	for ; sent < 200; sent++ {
		if err := l.write(&frame{kind: kindCalls, service: 1}, message); err != nil {
			break
		}
		if sent%20 == 0 {
			honest.say(t, 1, "hello")
		}
		eventually(t, "messages that leave", func() error {
			if kept := l.raw.Unsent(); kept > clogged && s.Stats.Open.Load() == 2 {
				return fmt.Errorf("%d bytes wait", kept)
			}
			return nil
		})
	}
	counts(t, "open connection", func() uint64 { return uint64(s.Stats.Open.Load()) }, 1)
	if s.counters.Lost.Load() == 0 {
		t.Error("no answer is counted as lost, want those that found no room")
	}
	honest.say(t, 1, "hello")
}

func TestARightLastsFromWhenItsTicketWasGivenHoweverLateThatIsUsed(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	_, l := opened(t, s)
	ours := s.all()[0]
	given := time.Now().Add(-ticketTime)
	if number := ours.take(&grant{service: "texts", given: given}); number != 2 {
		t.Fatalf("a further service has the number %d, want 2", number)
	}
	ours.review(given.Add(rightTime), false)
	l.say(t, 1, "within its time")
	ours.review(given.Add(rightTime+1), false)
	if f := l.hear(t); f.kind != kindOver || f.service != 2 {
		t.Errorf("a frame of kind %d about service %d came, want that the right has ended", f.kind, f.service)
	}
	ours.take(&grant{service: "math", given: given})
	ours.review(given.Add(rightTime+1), false)
	l.say(t, 2, "an older ticket takes nothing from what a newer one gave")
}

func TestARightThatIsNotRenewedEndsUnlessNobodyCanAskForOne(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c, l := opened(t, s)
	ours := s.all()[0]
	now := time.Now()
	ours.review(now.Add(rightTime/2), false)
	l.say(t, 1, "within its time")
	ours.review(now.Add(2*rightTime), true)
	l.say(t, 2, "while the server has no NATS")
	ours.review(now.Add(4*rightTime), false)
	if f := l.hear(t); f.kind != kindOver || f.service != 1 {
		t.Fatalf("a frame of kind %d about service %d came, want that the right has ended", f.kind, f.service)
	}
	if err := l.write(&frame{kind: kindCalls, service: 1, token: 3}, []byte("x")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a third message", func() error {
		if n := len(s.received()); n != 3 {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	if in := s.received()[2]; in.Refusal == nil || in.Refusal.Outcome.String() != "not executed" {
		t.Errorf("a message whose right is over has the refusal %v, want one, not executed", in.Refusal)
	}
	if number := l.prove(t, c.ticket(s, "math")); number != 1 {
		t.Fatalf("a new ticket gives the number %d, want 1", number)
	}
	l.say(t, 4, "again")
}

func TestAPingIsAnsweredAndAMarkIsReachedBehindWhatWasSent(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	_, l := opened(t, s)
	if err := l.write(&frame{kind: kindPing, token: 42}, nil); err != nil {
		t.Fatal(err)
	}
	if f := l.hear(t); f.kind != kindPong || f.token != 42 {
		t.Errorf("a frame of kind %d, %d came, want the pong 42", f.kind, f.token)
	}
	reached := make(chan int, 1)
	s.all()[0].Mark(func() { reached <- len(s.received()) })
	ping := l.hear(t)
	if ping.kind != kindPing {
		t.Fatalf("a frame of kind %d came, want a ping", ping.kind)
	}
	l.say(t, 1, "in front of the mark")
	if err := l.write(&frame{kind: kindPong, token: ping.token}, nil); err != nil {
		t.Fatal(err)
	}
	select {
	case came := <-reached:
		if came != 1 {
			t.Errorf("%d messages had come at the mark, want 1", came)
		}
	case <-time.After(patience):
		t.Error("the mark isn't reached")
	}
}

func TestAServerThatLeavesWaitsForItsCallersToSayGoodbye(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c, l := opened(t, s)
	left := make(chan struct{})
	go func() {
		s.Leave(context.Background())
		close(left)
	}()
	if f := l.hear(t); f.kind != kindGoodbye {
		t.Fatalf("a frame of kind %d came, want goodbye", f.kind)
	}
	l.say(t, 1, "sent before it was heard")
	select {
	case <-left:
		t.Error("the server has left before its caller said goodbye")
	default:
	}
	if s.Ticket("math", c.identity.Fingerprint) != nil {
		t.Error("a server that leaves gives a ticket")
	}
	l.goodbye()
	select {
	case <-left:
	case <-time.After(patience):
		t.Fatal("the server doesn't leave after its caller has said goodbye")
	}
	if err := l.write(&frame{kind: kindCalls, service: 1}, []byte("x")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a refusal of what comes behind goodbye", func() error {
		all := s.received()
		if last := all[len(all)-1]; last.Refusal == nil {
			return errors.New("none")
		}
		return nil
	})
	s.Close()
	ends(t, "closed", l.socket)
	if len(s.gone) != 1 {
		t.Errorf("%d callers are told to be gone, want 1", len(s.gone))
	}
}

func TestCallersThatDoNotAnswerGoodbyeHoldUpNoServerAndTheirCallsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := listen(t, "memory:")
		var links []*clientLink
		for range 20 {
			links = append(links, meet(t, s))
		}
		began, left := time.Now(), make(chan struct{})
		go func() {
			s.Leave(context.Background())
			close(left)
		}()
		synctest.Wait()
		for i, l := range links {
			if f := l.hear(t); f.kind != kindGoodbye {
				t.Fatalf("a frame of kind %d came, want goodbye", f.kind)
			}
			if i%2 == 0 {
				l.goodbye()
			} else {
				l.say(t, 1, "on its way when the server said goodbye")
			}
		}
		<-left
		if took := time.Since(began); took != goodbyeTime {
			t.Errorf("the server left after %v, want %v", took, goodbyeTime)
		}
		for i, l := range links {
			if err := l.write(&frame{kind: kindCalls, service: 1, token: 2}, []byte("too late")); err != nil {
				t.Errorf("caller %d can't write: %v, want that its calls are refused", i, err)
			}
		}
		synctest.Wait()
		refused := 0
		for _, in := range s.received() {
			if late := string(in.Data) == "too late"; late != (in.Refusal != nil) {
				t.Errorf("%q has the refusal %v", in.Data, in.Refusal)
			} else if late {
				refused++
			}
		}
		if refused != len(links) {
			t.Errorf("%d calls are refused, want those of all %d callers", refused, len(links))
		}
	})
}

func TestAServerHasTakenOrRefusedAllCallsOnceItHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken atomic.Int64
		var gone atomic.Bool
		s := listenAs(t, "memory:", func(c *ListenConfig) {
			c.Serve = func(by link.Server) {
				for in, ok := by.Receive(); ok; in, ok = by.Receive() {
					if in.Reached != nil || in.Refusal != nil {
						continue
					}
					time.Sleep(time.Millisecond) // until it is entered
					if taken.Add(1); gone.Load() {
						t.Error("a call is taken after the server has left")
					}
				}
			}
		})
		var callers sync.WaitGroup
		for range 10 {
			l := meet(t, s)
			callers.Go(func() {
				for l.write(&frame{kind: kindCalls, service: 1}, []byte("x")) == nil {
					time.Sleep(700 * time.Microsecond)
				}
			})
		}
		time.Sleep(time.Second)
		s.Leave(context.Background())
		gone.Store(true)
		time.Sleep(time.Second)
		s.Close()
		callers.Wait()
		if taken.Load() == 0 {
			t.Error("no call was taken")
		}
	})
}

func TestWhoIsToldOfACallersEndIsToldOnce(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	_, l := opened(t, s)
	l.say(t, 1, "x")
	l.close()
	eventually(t, "a caller that is gone", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.gone) != 1 || s.gone[0] != s.came[0].From.Key {
			return fmt.Errorf("%q", s.gone)
		}
		return nil
	})
}

func TestAConnectionIsForSoManyServicesAtMost(t *testing.T) {
	l, now := new(serverLink), time.Now()
	for i := range maxServices {
		if number := l.take(&grant{service: fmt.Sprint("s", i), given: now}); int(number) != i+1 {
			t.Fatalf("service %d has the number %d, want %d", i, number, i+1)
		}
	}
	if number := l.take(&grant{service: "more", given: now}); number != 0 {
		t.Errorf("one service too many has the number %d, want it refused", number)
	}
	if number := l.take(&grant{service: "s1", given: now}); number != 2 {
		t.Errorf("one that the connection is for already has the number %d, want 2", number)
	}
}

func TestNamesOfMethodsAreKeptUpToABound(t *testing.T) {
	l := new(serverLink)
	for i := range 2 * maxMethods {
		if name := fmt.Sprint("m", i); l.method([]byte(name)) != name {
			t.Fatalf("method %q is taken for another", name)
		}
	}
	if len(l.methods) != maxMethods {
		t.Errorf("%d names are kept, want %d", len(l.methods), maxMethods)
	}
}

func TestASocketThatWasLeftBehindIsTakenAndOneThatIsUsedIsNot(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/math.sock"
	s := listen(t, "unix:"+path)
	if other, _, err := listenUnix(path, "i2"); err == nil {
		other.Close()
		t.Error("a second server listens where the first does, want an error")
	}
	s.Close()
	left, _, err := listenUnix(path, "i1")
	if err != nil {
		t.Fatal(err)
	}
	left.(interface{ SetUnlinkOnClose(bool) }).SetUnlinkOnClose(false)
	left.Close()
	again, _, err := listenUnix(path, "i2")
	if err != nil {
		t.Fatalf("a socket that was left behind: %v, want it taken", err)
	}
	again.Close()
	if _, _, err := listenUnix(dir+"/none/math.sock", "i1"); err == nil {
		t.Error("a server listens in a directory that isn't there")
	}
}

func TestWhatStrangersCauseIsLoggedAtABoundedRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lines
		log := boundedLog{log: out.logger()}
		for range 100 {
			log.note("refused", errWrongProof)
			log.note("broken", errShort)
		}
		time.Sleep(logEvery)
		log.note("refused", errWrongProof)
		if len(out.all) != 3 || !strings.Contains(out.all[2], "more_since_the_last_time=99") {
			t.Errorf("200 refusals in a moment and one a minute later are logged as %q; want three lines, the last with how many there were", slices.Collect(slices.Values(out.all)))
		}
	})
}

func TestWhoReceivesIsToldOfEachFrameSoThatAnswersDoNotWaitBehindAPing(t *testing.T) {
	ours, theirs := pipe()
	caller, l := newConn(ours), &serverLink{conn: newConn(theirs), bye: make(chan struct{}), rests: make(chan struct{})}
	t.Cleanup(caller.close)
	for _, f := range []frame{{kind: kindPing}, {kind: kindPong}, {kind: kindGoodbye}, {kind: 200}} {
		if err := caller.write(&f, nil); err != nil {
			t.Fatal(err)
		}
		in, ok := l.Receive()
		if !ok || in.Reached == nil {
			t.Fatalf("a frame of kind %d: %+v, %v; want a mark", f.kind, in, ok)
		}
		in.Reached()
	}
}

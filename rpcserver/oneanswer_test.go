package rpcserver_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// inAccount is one account whose server may publish what it needs besides its answers, and
// answer as responses says.
func inAccount(responses string) string {
	return `S: { jetstream: enabled, users: [{user: s, password: s, permissions: {publish: ["helium.>", "$JS.>", "$KV.>"], allow_responses: ` + responses + `}}, {user: c, password: c}, {user: b, password: b}] }`
}

func TestNoCallIsLostHoweverFewAnswersNATSTakes(t *testing.T) {
	for name, of := range map[string]struct {
		conf     string
		binder   string
		messages int // of answers to a message of four calls that end one by one; 0: any
	}{
		"one answer":                 {inAccount("true"), "b", 1},
		"three answers":              {inAccount("{max: 3}"), "b", 1},
		"one answer within a minute": {inAccount(`{max: 1, expires: "1m"}`), "b", 1},
		"an export":                  {exported("", ""), "s", 1},
		"an export of a stream":      {exported(", response_type: stream", ""), "s", 0},
		"an export of chunks":        {exported(", response_type: chunked", ""), "s", 0},
		"an export and one answer":   {exported(", response_type: stream", `, permissions: {publish: ["helium.>", "$JS.>", "$KV.>", "_INBOX.>"], allow_responses: true}`), "s", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAccounts(t, of.conf)
			w.startBinder(of.binder)
			srv, p := w.serve("s", rpcserver.Config{Logger: quiet()})

			// Callers that know nothing of it.
			peer := w.peer("c")
			for round := range 3 {
				unequal(t, peer, p, "+"+strings.Repeat("x", round), 3)
				for range 3 {
					p.release <- struct{}{}
				}
				answers, messages := 0, 0
				for answers < 4 {
					_, frames := peer.nextAnswers()
					messages++
					answers += len(frames)
				}
				if of.messages > 0 && messages != of.messages {
					t.Errorf("the answers came in %d messages, want %d", messages, of.messages)
				}
			}
			// And those that do.
			c, err := rpcclient.New(w.connect("c", "client"), rpcclient.Config{MaxAttempts: 1, Logger: quiet(), Timeout: patience})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			var wg sync.WaitGroup
			blocked := make(chan error, 1)
			go func() { blocked <- c.Call(context.Background(), "probe.block", nil) }()
			receive(t, "the blocked call", p.entered)
			for range 50 {
				wg.Go(func() {
					for range 5 {
						if got, err := rpcclient.Call[string](context.Background(), c, "probe.echo", "x"); err != nil || got != "x" {
							t.Errorf("got %q, %v", got, err)
						}
					}
				})
			}
			wg.Wait() // while another one runs on
			p.releaseAll()
			if err := receive(t, "the end of the blocked call", blocked); err != nil {
				t.Errorf("the blocked call ended with %v", err)
			}
			if s := srv.Stats(); s.RefusedAnswers != 0 || s.DroppedAnswers != 0 {
				t.Errorf("RefusedAnswers %d, DroppedAnswers %d; want none", s.RefusedAnswers, s.DroppedAnswers)
			}
		})
	}
}

func TestAClientSendsOneCallAMessageToAnInstanceThatAnswersOnce(t *testing.T) {
	w := limitedWorld(t, broker.User{Responses: 1, Publish: broker.Subjects{Allow: mayRegister}})
	srv, p := w.serveAs(w.limited(), rpcserver.Config{Logger: quiet()})
	if got := wire.Abilities(w.recordOf(srv).Abilities); got != wire.AnswersOnce|got&^wire.Heartbeats {
		t.Errorf("once started, its record says that it can do %b, want that it answers once and sends no heartbeats", got)
	}
	c := w.client(rpcclient.Config{MaxAttempts: 1})
	if err := c.Call(testContext(t), "probe.count", nil); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for range 10 {
				if err := c.Call(testContext(t), "probe.count", nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if s := c.Stats(); s.MessagesSent != s.FramesSent {
		t.Errorf("%d calls left in %d messages, want one each", s.FramesSent, s.MessagesSent)
	}
	if n := p.calls.Load(); n != 1001 {
		t.Errorf("%d calls ran, want 1001", n)
	}
}

func TestAServerThatMayAnswerOnlyOnceFromNowOnGathersAndClientsHearOfIt(t *testing.T) {
	w := newAccounts(t, `S: { jetstream: enabled, users: [{user: s, password: s}, {user: c, password: c}] }`)
	w.startBinder("c")
	srv, p := w.serve("s", rpcserver.Config{Logger: quiet()})
	w.reload(inAccount("true"))
	peer := w.peer("c")
	loopback.Reconnect(t, w.nc["s-server"], peer.nc)
	eventually(t, "it knows", func() bool { return len(warningsIn(srv, rpcserver.WarningAnswersLimited)) == 1 })
	unequal(t, peer, p, "+1", 2)
	p.releaseAll()
	if _, frames := peer.next(); len(frames) != 3 {
		t.Errorf("got %d answers in a message, want all 3", len(frames))
	}
	about := wire.Frame{Kind: wire.KindSender, Seq: 77, Time: 5}
	peer.send(echo, "+2", message(about, callFrame(9, "x")))
	if _, frames := peer.next(); len(frames) != 2 || frames[0].Abilities != wire.AnswersOnce {
		t.Errorf("got %+v, want that the instance says that it answers once", frames)
	}
}

func TestAServerThatIsConnectedAnewBeforeItIsRegisteredLooksAgainAtWhatItMay(t *testing.T) {
	w := newAccounts(t, `S: { jetstream: enabled, users: [{user: s, password: s}, {user: c, password: c}] }`)
	nc := w.connect("s", "server")
	var log logBook
	srv := rpcserver.New(nc, rpcserver.Config{Logger: log.logger()})
	if err := rpcserver.Register(srv, "probe", newProbe()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
	started := make(chan error, 1)
	go func() { started <- srv.Start(testContext(t)) }()
	eventually(t, "the server waits for a binder", func() bool { return strings.Contains(log.String(), "waiting for a binder") })
	w.reload(inAccount("true"))
	loopback.Reconnect(t, nc, w.connect("c", "caller"))
	w.startBinder("b")
	if err := receive(t, "the server", started); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it knows that it may answer only once", func() bool { return len(warningsIn(srv, rpcserver.WarningAnswersLimited)) == 1 })
}

func TestAnswersThatGatherKeepWhatElseIsPromised(t *testing.T) {
	w := limitedWorld(t, broker.User{Responses: 1, Publish: broker.Subjects{Allow: mayRegister}})
	srv, p := w.serveAs(w.limited(), rpcserver.Config{Logger: quiet(), DrainTimeout: 100 * time.Millisecond})
	alice := w.connectAs(bus.Config{User: "alice", Password: "pw"})
	peer := &peer{t: t, nc: alice, inbox: alice.NewInbox()}
	var err error
	if peer.sub, err = alice.SubscribeSync(peer.inbox + ".>"); err != nil {
		t.Fatal(err)
	}
	// A message that is refused whole.
	peer.send(echo, "+1", message(callFrame(0, "x")))
	if f := peer.one(); f.Kind != wire.KindError || f.Seq != 0 {
		t.Errorf("a message that breaks the protocol got %+v", f)
	}
	// One-way calls among others, which nobody waits for.
	oneWay := callFrame(0, "x")
	oneWay.Kind, oneWay.Method = wire.KindNotify, "block"
	quick := callFrame(2, "x")
	quick.Method = "echo"
	peer.send("helium.call.probe", "+2", message(oneWay, quick))
	wantResult(t, peer.one(), 2, "x")
	// Calls that a stopping server cuts.
	unequal(t, peer, p, "+3", 2)
	go func() { _ = srv.Shutdown(context.Background()) }()
	_, frames := peer.next()
	if len(frames) != 3 {
		t.Fatalf("got %+v, want one message of 3 answers", frames)
	}
	cut := 0
	for _, f := range frames {
		if e, err := wire.ReadError(f.Body); f.Kind == wire.KindError && err == nil && e.Reason == "helium.cut" {
			cut++
		}
	}
	if cut != 2 {
		t.Errorf("%d of the answers say that the call was cut, want 2", cut)
	}
}

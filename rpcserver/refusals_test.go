package rpcserver_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

// mayRegister is what a server needs to publish besides its answers.
var mayRegister = []string{"helium.binder.register.probe", "helium.binder.renew.probe", "helium.binder.end.probe"}

// limitedWorld is a broker with a user "limited" who answers by allow_responses, and a binder.
func limitedWorld(t *testing.T, user broker.User) *world {
	t.Helper()
	user.Name, user.Password = "limited", "pw"
	w := newWorld(t, broker.Config{Users: []broker.User{user, {Name: "alice", Password: "pw"}}})
	w.startBinder(binder.Config{})
	return w
}

// serveAs starts a server with a probe over a connection.
func (w *world) serveAs(nc *nats.Conn, config rpcserver.Config) (*rpcserver.Server, *probe) {
	w.t.Helper()
	srv := rpcserver.New(nc, config)
	p := newProbe()
	if err := rpcserver.Register(srv, "probe", p); err != nil {
		w.t.Fatalf("register: %v", err)
	}
	w.t.Cleanup(func() {
		p.releaseAll()
		_ = srv.Shutdown(context.Background())
	})
	if err := srv.Start(testContext(w.t)); err != nil {
		w.t.Fatalf("start: %v", err)
	}
	return srv, p
}

func (w *world) limited() *nats.Conn {
	w.t.Helper()
	return w.connectAs(bus.Config{User: "limited", Password: "pw"})
}

// recordOf returns what the registry says of a server.
func (w *world) recordOf(srv *rpcserver.Server) binder.Record {
	w.t.Helper()
	registry, err := binder.NewClient(w.conn(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	entry, err := registry.Lookup(testContext(w.t), "probe")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range entry.Records {
		if r.Instance == srv.Instance() {
			return r
		}
	}
	w.t.Fatalf("the registry doesn't have instance %s", srv.Instance())
	return binder.Record{}
}

// warned checks what a server says of itself everywhere: one warning with these words, or
// none.
func (w *world) warned(srv *rpcserver.Server, reason string, words ...string) {
	w.t.Helper()
	places := map[string]func() []binder.Warning{
		"Warnings()": srv.Warnings,
		"its record": func() []binder.Warning { return w.recordOf(srv).Warnings },
		"$SRV.INFO": func() (list []binder.Warning) {
			t, ok := w.t.(*testing.T)
			if !ok {
				return nil
			}
			info := discover[micro.Info](t, w.conn(), control(t, micro.InfoVerb, "probe", srv.Instance()), 1)[0]
			for key, message := range info.Metadata {
				if reason, ok := strings.CutPrefix(key, "helium.warning."); ok {
					list = append(list, binder.Warning{Reason: "helium." + reason, Message: message})
				}
			}
			return list
		},
	}
	for place, read := range places {
		var got []binder.Warning
		eventually(w.t, place+" warns as it should", func() bool {
			got = read()
			return (len(got) == 0) == (reason == "")
		})
		if reason == "" {
			continue
		}
		if len(got) != 1 || got[0].Reason != reason {
			w.t.Errorf("%s: got %+v, want one warning %s", place, got, reason)
			continue
		}
		for _, word := range words {
			if !strings.Contains(got[0].Message, word) {
				w.t.Errorf("%s: got %q, want %q in it", place, got[0].Message, word)
			}
		}
	}
}

func TestAServerThatAnswersByAllowResponsesSaysSoBeforeAnybodyLosesACall(t *testing.T) {
	for name, user := range map[string]broker.User{
		"one answer":         {Responses: 1, Publish: broker.Subjects{Allow: mayRegister}},
		"ten answers":        {Responses: 10, Publish: broker.Subjects{Allow: mayRegister}},
		"none":               {Publish: broker.Subjects{Allow: mayRegister}},
		"denied":             {Publish: broker.Subjects{Deny: []string{"_INBOX.>"}}},
		"four tokens":        {Responses: 1, Publish: broker.Subjects{Allow: append([]string{"_INBOX.*.*.*"}, mayRegister...)}},
		"three tokens":       {Responses: 1, Publish: broker.Subjects{Allow: append([]string{"_INBOX.*.*"}, mayRegister...)}},
		"two tokens":         {Responses: 1, Publish: broker.Subjects{Allow: append([]string{"_INBOX.*"}, mayRegister...)}},
		"its own inbox only": {Responses: 1, Publish: broker.Subjects{Allow: append([]string{"_INBOX.limited.>"}, mayRegister...)}},
	} {
		t.Run(name, func(t *testing.T) {
			w := limitedWorld(t, user)
			var log logBook
			srv, _ := w.serveAs(w.limited(), rpcserver.Config{Logger: log.logger(), NoMonitoring: user.Responses != 10})
			if len(srv.Warnings()) == 0 || len(w.recordOf(srv).Warnings) == 0 {
				t.Fatalf("once started, it warns of %v, and its record of %v; want both at once", srv.Warnings(), w.recordOf(srv).Warnings)
			}
			if user.Responses == 10 {
				w.warned(srv, rpcserver.WarningAnswersLimited, `"_INBOX.>"`, "allow_responses", "max: -1")
			}
			if lines := log.lines("_INBOX.>"); len(lines) != 1 || !strings.Contains(lines[0], "level=WARN") {
				t.Errorf("the log says what to set %d times: %q; want once, as a warning", len(lines), lines)
			}
			if n := srv.Stats().RefusedAnswers; n != 0 {
				t.Errorf("RefusedAnswers %d, want 0: nothing was asked for yet", n)
			}
		})
	}
}

func TestAServerThatMayAnswerWarnsOfNothing(t *testing.T) {
	for name, allow := range map[string][]string{"all": nil, "the recipe": append([]string{"_INBOX.>"}, mayRegister...)} {
		t.Run(name, func(t *testing.T) {
			w := limitedWorld(t, broker.User{Responses: 1, Publish: broker.Subjects{Allow: allow}})
			if allow == nil {
				w = newWorld(t, broker.Config{Users: []broker.User{{Name: "limited", Password: "pw"}}})
				w.startBinder(binder.Config{})
			}
			var log logBook
			srv, _ := w.serveAs(w.limited(), rpcserver.Config{Logger: log.logger()})
			peer := w.peer()
			for i := range 20 {
				peer.send("helium.call.probe.echo", "+"+strings.Repeat("x", i), message(callFrame(uint64(i+1), "a"), callFrame(uint64(i+100), "b")))
			}
			for answers := 0; answers < 40; {
				_, frames := peer.next()
				answers += len(frames)
			}
			w.warned(srv, "")
			if lines := log.lines("WARN"); len(lines) != 0 {
				t.Errorf("the log warns: %q", lines)
			}
			if s := srv.Stats(); s.RefusedAnswers != 0 || s.DroppedAnswers != 0 {
				t.Errorf("RefusedAnswers %d, DroppedAnswers %d; want none", s.RefusedAnswers, s.DroppedAnswers)
			}
		})
	}
}

// unequal sends a message with a call that is answered at once and others that are
// answered one by one when they are released.
func unequal(t *testing.T, peer *peer, p *probe, token string, blocked int) {
	t.Helper()
	quick := callFrame(1, "x")
	quick.Method = "echo"
	frames := []wire.Frame{quick}
	for i := range blocked {
		f := callFrame(uint64(i + 2))
		f.Method = "block"
		frames = append(frames, f)
	}
	peer.send("helium.call.probe", token, message(frames...))
	for range blocked {
		receive(t, "a blocked call", p.entered)
	}
}

// deniedToOne is a world whose user "limited" may answer all callers but one, as only that one's
// inboxes show, and that one once: nothing is known of it before an answer is refused.
func deniedToOne(t *testing.T) (*world, *peer) {
	t.Helper()
	w := limitedWorld(t, broker.User{Responses: 1, Publish: broker.Subjects{Allow: append([]string{"_INBOX.>"}, mayRegister...), Deny: []string{"_INBOX.peer.>"}}})
	p := &peer{t: t, nc: w.connectAs(bus.Config{User: "alice", Password: "pw", InboxPrefix: "_INBOX.peer"})}
	p.inbox = p.nc.NewInbox()
	var err error
	if p.sub, err = p.nc.SubscribeSync(p.inbox + ".>"); err != nil {
		t.Fatal(err)
	}
	return w, p
}

func TestEachAnswerThatNATSRefusesIsCounted(t *testing.T) {
	for _, token := range []string{"+1", "once"} { // an inbox that is used again, and one that isn't
		t.Run(token, func(t *testing.T) {
			w, peer := deniedToOne(t)
			var log logBook
			nc := w.limited()
			heard := make(chan error, 100)
			nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { heard <- err })
			srv, p := w.serveAs(nc, rpcserver.Config{Logger: log.logger(), NoMonitoring: true})
			unequal(t, peer, p, token, 3)
			if _, frames := peer.next(); len(frames) != 1 || frames[0].Seq != 1 {
				t.Fatalf("got %+v, want the answer to call 1", frames)
			}
			for n := range 3 {
				p.release <- struct{}{}
				eventually(t, "the refusal is counted", func() bool { return srv.Stats().RefusedAnswers == uint64(n+1) })
				if err := receive(t, "the refusal at the connection's own handler", heard); !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), peer.inbox) {
					t.Errorf("the connection's own handler heard %v, want the violation", err)
				}
			}
			// A refusal of something else on the same connection is none of the server's.
			if err := errors.Join(nc.Publish("orders.new", nil), nc.Publish("_INBOX.peer.somebody", nil)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				receive(t, "the refusal of something else", heard)
			}
			if n := srv.Stats().RefusedAnswers; n != 3 {
				t.Errorf("RefusedAnswers %d, want 3", n)
			}
			if lines := log.lines("allow_responses"); len(lines) != 1 {
				t.Errorf("the log says what to set %d times: %q; want once", len(lines), lines)
			}
			if err := srv.Shutdown(testContext(t)); err != nil {
				t.Error(err)
			}
			if err := errors.Join(nc.Publish("orders.new", nil), nc.Flush()); err != nil {
				t.Fatal(err)
			}
			receive(t, "a refusal after the server's end", heard)
		})
	}
}

func TestRefusedAnswersToPlainRequestsAndToToolsAreCounted(t *testing.T) {
	w := limitedWorld(t, broker.User{Publish: broker.Subjects{Allow: mayRegister}}) // no answer at all
	srv, _ := w.serveAs(w.limited(), rpcserver.Config{Logger: quiet()})
	nc := w.conn()
	want := uint64(0)
	for _, subject := range []string{"helium.call.probe.echo", "helium.at.probe." + srv.Instance() + ".other", "$SRV.PING", "$SRV.STATS.probe"} {
		want++
		if err := nc.PublishRequest(subject, nc.NewInbox(), []byte(`["x"]`)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the refused answer on "+subject+" is counted", func() bool { return srv.Stats().RefusedAnswers == want })
	}
	// A message that is refused whole.
	if err := nc.PublishRequest("helium.call.probe", nc.NewInbox(), []byte{wire.Magic, wire.Version}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the refused answer to a broken message is counted", func() bool { return srv.Stats().RefusedAnswers == want+1 })
}

func TestAnswersThatAreRefusedToOneUserAloneAreWarnedOfWhenTheyAreRefused(t *testing.T) {
	w := limitedWorld(t, broker.User{Publish: broker.Subjects{Deny: []string{"_INBOX.alice.>"}}})
	var log logBook
	srv, _ := w.serveAs(w.limited(), rpcserver.Config{Logger: log.logger()})
	if got := srv.Warnings(); got != nil {
		t.Fatalf("it warns of %v before alice has come", got)
	}
	alice := w.connectAs(bus.Config{User: "alice", Password: "pw"})
	if err := alice.PublishRequest("helium.call.probe.echo", alice.NewInbox(), []byte(`["x"]`)); err != nil {
		t.Fatal(err)
	}
	w.warned(srv, rpcserver.WarningAnswersLimited, "_INBOX.>")
	if n := srv.Stats().RefusedAnswers; n != 1 {
		t.Errorf("RefusedAnswers %d, want 1", n)
	}
	if lines := log.lines("_INBOX.>"); len(lines) != 1 {
		t.Errorf("the log says what to set %d times: %q; want once", len(lines), lines)
	}
}

func TestWhoHasAnswersGoWhereNATSRefusesThemTakesNothingFromOtherCallers(t *testing.T) {
	w, _ := deniedToOne(t)
	srv, p := w.serveAs(w.limited(), rpcserver.Config{Logger: quiet(), NoMonitoring: true})
	forger := w.conn()
	for n, reply := range []string{"_INBOX.peer.x", "_INBOX.peer.x.+1", "_INBOX.peer.x.+2"} {
		forge := func() {
			if err := forger.PublishRequest("helium.call.probe.echo", reply, message(callFrame(1, "x"), callFrame(2, "y"))); err != nil {
				t.Fatal(err)
			}
		}
		forge() // the first message of answers is permitted by allow_responses
		forge()
		if n == 0 {
			eventually(t, "an answer is refused", func() bool {
				forge() // the answers to both may have been one message
				return srv.Stats().RefusedAnswers > 0
			})
		}
	}
	other := w.peer()
	about := wire.Frame{Kind: wire.KindSender, Seq: 77, Time: 5, Abilities: wire.Heartbeats}
	other.send(echo, "+1", message(about, callFrame(9, "x")))
	if _, frames := other.next(); len(frames) != 2 || frames[0].Kind != wire.KindInstance || !frames[0].Abilities.Has(wire.Heartbeats) || frames[0].Abilities.Has(wire.AnswersOnce) {
		t.Errorf("another caller got %+v, want that the instance sends heartbeats and answers as often as it likes", frames)
	}
	unequal(t, other, p, "+2", 2)
	if _, frames := other.next(); len(frames) != 2 || frames[1].Seq != 1 {
		t.Errorf("another caller got %+v first, want the answer to the quick call alone, behind who answers", frames)
	}
	p.releaseAll()
	if got := wire.Abilities(w.recordOf(srv).Abilities); !got.Has(wire.Heartbeats) || got.Has(wire.AnswersOnce) {
		t.Errorf("its record says that it can do %b, want that it sends heartbeats and doesn't answer once", got)
	}
}

func TestCallersWhoseAnswersWereRefusedGetOneAMessageFromThenOn(t *testing.T) {
	w, peer := deniedToOne(t)
	srv, p := w.serveAs(w.limited(), rpcserver.Config{Logger: quiet(), NoMonitoring: true})
	unequal(t, peer, p, "+1", 1)
	peer.next()
	p.release <- struct{}{}
	eventually(t, "the refusal is counted", func() bool { return srv.Stats().RefusedAnswers == 1 })
	unequal(t, peer, p, "+2", 2)
	p.releaseAll()
	if _, frames := peer.next(); len(frames) != 3 {
		t.Errorf("got %d answers in a message, want all 3", len(frames))
	}
	if n := srv.Stats().RefusedAnswers; n != 1 {
		t.Errorf("RefusedAnswers %d, want the one before it was known", n)
	}
}

func TestToolsReadRefusedAnswersInTheFigures(t *testing.T) {
	w, peer := deniedToOne(t)
	srv, p := w.serveAs(w.limited(), rpcserver.Config{Logger: quiet()})
	unequal(t, peer, p, "+1", 1)
	peer.next()
	p.releaseAll()
	eventually(t, "the refusal is counted", func() bool { return srv.Stats().RefusedAnswers == 1 })
	if _, data := endpoint(t, statsOf(t, w.conn(), srv, "probe"), "echo"); data.RefusedAnswers != 1 || data.DroppedAnswers != 0 {
		t.Errorf("$SRV.STATS has %+v, want 1 refused answer", data)
	}
	w.warned(srv, rpcserver.WarningAnswersLimited, "_INBOX.>")
}

func TestAWarningIsTakenBackOnceTheConnectionComesBackWithMorePermissions(t *testing.T) {
	w := newAccounts(t, `S: { users: [{user: s, password: s, permissions: {publish: ["helium.>", "$JS.>", "$KV.>"], allow_responses: true}}], jetstream: enabled }`)
	w.startBinder("s")
	srv, _ := w.serve("s", rpcserver.Config{Logger: quiet()})
	if len(srv.Warnings()) != 1 {
		t.Fatalf("it warns of %v, want of its permissions", srv.Warnings())
	}
	w.reload(`S: { users: [{user: s, password: s}], jetstream: enabled }`)
	if err := w.nc["s-server"].ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the warning is taken back", func() bool { return len(srv.Warnings()) == 0 })
	registry, err := binder.NewClient(w.connect("s", "reader"), "")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the record says so", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		entry, err := registry.Lookup(ctx, "probe")
		return err == nil && len(entry.Records[0].Warnings) == 0
	})
}

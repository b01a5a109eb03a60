package rpcserver_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

// accounts is a NATS server with accounts, which bus/broker has none of.
type accounts struct {
	t       *testing.T
	nats    *server.Server
	file    string
	cluster string
	nc      map[string]*nats.Conn // by name
}

func newAccounts(t *testing.T, conf string) *accounts {
	t.Helper()
	return newMember(t, "alone", "", conf)
}

// newMember is newAccounts for a member of a cluster, but of none where route is "".
func newMember(t *testing.T, name, cluster, conf string) *accounts {
	t.Helper()
	w := &accounts{t: t, file: filepath.Join(t.TempDir(), "nats.conf"), nc: make(map[string]*nats.Conn)}
	w.cluster = "server_name: " + name + "\n" + cluster
	w.write(conf)
	options, err := server.ProcessConfigFile(w.file)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	if w.nats, err = server.NewServer(options); err != nil {
		t.Fatal(err)
	}
	w.nats.Start()
	t.Cleanup(func() {
		w.nats.Shutdown()
		w.nats.WaitForShutdown()
	})
	if !w.nats.ReadyForConnections(patience) {
		t.Fatal("the NATS server doesn't start")
	}
	return w
}

func (w *accounts) write(conf string) {
	w.t.Helper()
	text := "listen: \"127.0.0.1:-1\"\njetstream: {store_dir: " + filepath.Dir(w.file) + "}\n" + w.cluster + "\naccounts: {\n" + conf + "\n}\n"
	if w.cluster != "" && strings.Contains(w.cluster, "cluster") {
		text = strings.Replace(text, "jetstream: {store_dir: "+filepath.Dir(w.file)+"}\n", "", 1)
	}
	if err := os.WriteFile(w.file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *accounts) reload(conf string) {
	w.t.Helper()
	w.write(conf)
	if err := w.nats.Reload(); err != nil {
		w.t.Fatal(err)
	}
}

// connect connects as a user, whose name is its password.
func (w *accounts) connect(user, name string) *nats.Conn {
	w.t.Helper()
	nc, err := nats.Connect(w.nats.ClientURL(), nats.UserInfo(user, user), nats.Name(name), nats.MaxReconnects(-1),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(nc.Close)
	w.nc[name] = nc
	return nc
}

func (w *accounts) startBinder(user string) {
	w.t.Helper()
	reg, err := binder.Start(testContext(w.t), w.connect(user, user+"-binder"), binder.Config{Logger: quiet(), Memory: true})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(reg.Close)
}

// serve starts a server with a probe.
func (w *accounts) serve(user string, config rpcserver.Config) (*rpcserver.Server, *probe) {
	w.t.Helper()
	return (&world{t: w.t}).serveAs(w.connect(user, user+"-server"), config)
}

// peer returns a caller of another account.
func (w *accounts) peer(user string) *peer {
	w.t.Helper()
	p := &peer{t: w.t, nc: w.connect(user, user+"-caller")}
	p.inbox = p.nc.NewInbox()
	var err error
	if p.sub, err = p.nc.SubscribeSync(p.inbox + ".>"); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// exported is the accounts of a service and of its callers.
func exported(kind, permissions string) string {
	export := "{service: \"helium.>\"" + kind + "}, {service: \"$SRV.>\"" + kind + "}"
	return `S: { jetstream: enabled, users: [{user: s, password: s` + permissions + `}], exports: [` + export + `] }
C: { users: [{user: c, password: c}], imports: [{service: {account: S, subject: "helium.>"}}, {service: {account: S, subject: "$SRV.>"}}] }`
}

// callAs calls a method, as the client with a clock.
func (p *peer) callAs(clock uint64) {
	p.t.Helper()
	call := callFrame(1, "x")
	call.Method = "echo"
	p.send("helium.call.probe.echo", "+1", message(wire.Frame{Kind: wire.KindSender, Seq: clock, Time: 5}, call))
	p.nextAnswers()
}

// TestWhoTakesNoMoreAnswersIsNotTakenForAnExportThatTakesOne has requesters whose inboxes are gone with their
// answers, or before them.
func TestWhoTakesNoMoreAnswersIsNotTakenForAnExportThatTakesOne(t *testing.T) {
	for name, ask := range map[string]func(*peer){
		"a plain request with an inbox for one answer": func(p *peer) {
			p.nc.Opts.UseOldRequestStyle = true
			if _, err := p.nc.Request("helium.call.probe.echo", []byte(`["x"]`), patience); err != nil {
				p.t.Fatal(err)
			}
		},
		"a client that has left after its answer": func(p *peer) {
			sub, err := p.nc.SubscribeSync(p.nc.NewInbox())
			if err != nil {
				p.t.Fatal(err)
			}
			_ = sub.AutoUnsubscribe(1)
			about := wire.Frame{Kind: wire.KindSender, Seq: rand.Uint64(), Time: 5}
			if err := p.nc.PublishRequest("helium.call.probe.echo", sub.Subject, message(about, callFrame(1, "x"))); err != nil {
				p.t.Fatal(err)
			}
			if _, err := sub.NextMsg(patience); err != nil {
				p.t.Fatal(err)
			}
		},
		"a request whose inbox was never there": func(p *peer) {
			if err := p.nc.PublishRequest("helium.call.probe.echo", p.nc.NewInbox(), message(callFrame(1, "x"))); err != nil {
				p.t.Fatal(err)
			}
		},
		"a tool that wants one answer": func(p *peer) {
			p.nc.Opts.UseOldRequestStyle = true
			if _, err := p.nc.Request("$SRV.PING", nil, patience); err != nil {
				p.t.Fatal(err)
			}
		},
	} {
		for _, declared := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, StreamExport %t", name, declared), func(t *testing.T) {
				t.Parallel()
				w := newAccounts(t, exported(", response_type: stream", ""))
				w.startBinder("s")
				srv, _ := w.serve("s", rpcserver.Config{Logger: quiet(), StreamExport: declared})
				passing, peer := w.peer("c"), w.peer("c")
				for range 4 {
					ask(passing)
					time.Sleep(60 * time.Millisecond) // longer than there is no look after one in vain
				}
				eventually(t, "the next client shows that it takes all", func() bool {
					peer.callAs(7)
					return rpcserver.Examined(srv, "probe")
				})
				if got := srv.Warnings(); len(got) > 0 || srv.Stats().DroppedAnswers > 0 {
					t.Errorf("it warns of %v, DroppedAnswers %d; want none", got, srv.Stats().DroppedAnswers)
				}
			})
		}
	}
}

func TestAnExportOfWhichTheConfigSaysThatItTakesAllIsNeverGatheredFor(t *testing.T) {
	w := newAccounts(t, exported("", ""))
	w.startBinder("s")
	srv, p := w.serve("s", rpcserver.Config{Logger: quiet(), StreamExport: true})
	peer := w.peer("c")
	eventually(t, "it warns", func() bool {
		peer.callAs(7)
		return len(warningsIn(srv, rpcserver.WarningAnswersDropped)) == 1
	})
	unequal(t, peer, p, "+1", 1)
	if _, frames := peer.nextAnswers(); len(frames) != 1 || frames[0].Seq != 1 {
		t.Errorf("got %+v, want the answer that was ready first, alone", frames)
	}
	p.releaseAll()
}

func warningsIn(srv *rpcserver.Server, reason string) (messages []string) {
	for _, w := range srv.Warnings() {
		if w.Reason == reason {
			messages = append(messages, w.Message)
		}
	}
	return messages
}

func TestAnExportThatTakesOneAnswerIsToldOfOnceItsCallerCallsAgain(t *testing.T) {
	for name, ask := range map[string]func(*peer){
		"a call": func(p *peer) { p.callAs(7) },
		"a call after plain requests": func(p *peer) {
			if _, err := p.nc.Request("helium.call.probe.echo", []byte(`["x"]`), patience); err != nil {
				p.t.Fatal(err)
			}
			p.callAs(7)
		},
		"a call after those of clients that left": func(p *peer) {
			p.callAs(1000 + uint64(rand.Uint32()))
			p.callAs(7)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newAccounts(t, exported("", ""))
			w.startBinder("s")
			var log logBook
			srv, _ := w.serve("s", rpcserver.Config{Logger: log.logger()})
			peer := w.peer("c")
			ask(peer)
			if got := warningsIn(srv, rpcserver.WarningAnswersDropped); len(got) > 0 {
				t.Errorf("it warns %q when nobody knows that its caller was there", got)
			}
			eventually(t, "it warns", func() bool {
				ask(peer)
				return len(warningsIn(srv, rpcserver.WarningAnswersDropped)) == 1
			})
			registry, err := binder.NewClient(w.connect("c", "reader"), "")
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, "its record warns", func() bool {
				entry, err := registry.Lookup(testContext(t), "probe")
				return err == nil && len(entry.Records[0].Warnings) == 1 && strings.Contains(entry.Records[0].Warnings[0].Message, "response_type: stream")
			})
			for range 5 {
				ask(peer)
			}
			if lines := log.lines("response_type: stream"); len(lines) != 1 {
				t.Errorf("the log says what to set %d times: %q; want once", len(lines), lines)
			}
			if n := srv.Stats().DroppedAnswers; n != 0 {
				t.Errorf("DroppedAnswers %d, want 0: all were answered", n)
			}
		})
	}
}

func TestAnswersThatAnExportDropsAreCounted(t *testing.T) {
	w := newAccounts(t, exported("", ""))
	w.startBinder("s")
	var log logBook
	srv, p := w.serve("s", rpcserver.Config{Logger: log.logger(), StreamExport: true})
	peer := w.peer("c")
	unequal(t, peer, p, "+1", 3)
	if _, frames := peer.next(); len(frames) != 1 {
		t.Fatalf("got %+v, want one answer", frames)
	}
	eventually(t, "it warns", func() bool {
		peer.callAs(7)
		return len(warningsIn(srv, rpcserver.WarningAnswersDropped)) == 1
	})
	for n := range 3 {
		p.release <- struct{}{}
		eventually(t, "what is dropped is counted", func() bool { return srv.Stats().DroppedAnswers == uint64(n+1) })
	}
	eventually(t, "the log says what to set", func() bool { return len(log.lines("response_type: stream")) > 0 })
	if lines := log.lines("response_type: stream"); len(lines) != 1 {
		t.Errorf("the log says what to set %d times: %q; want once", len(lines), lines)
	}
	if n := srv.Stats().RefusedAnswers; n != 0 {
		t.Errorf("RefusedAnswers %d, want 0", n)
	}
}

func TestAnExportThatTakesAllAnswersIsWarnedOfNever(t *testing.T) {
	for _, kind := range []string{"stream", "chunked"} {
		t.Run(kind, func(t *testing.T) {
			w := newAccounts(t, exported(", response_type: "+kind, ""))
			w.startBinder("s")
			var log logBook
			srv, p := w.serve("s", rpcserver.Config{Logger: log.logger(), StreamExport: true})
			peer := w.peer("c")
			// The first message is examined while answers to it are still to come.
			unequal(t, peer, p, "+1", 3)
			for answers := 0; answers < 4; {
				_, frames := peer.nextAnswers()
				answers += len(frames)
				if answers < 4 {
					p.release <- struct{}{}
				}
			}
			for i := range 20 {
				peer.send("helium.call.probe.echo", "+2", message(callFrame(uint64(i+1), "x")))
				if _, frames := peer.nextAnswers(); len(frames) != 1 || frames[0].Seq != uint64(i+1) {
					t.Fatalf("call %d: got %+v", i, frames)
				}
			}
			eventually(t, "the export is known", func() bool { return rpcserver.Examined(srv, "probe") })
			if s := srv.Stats(); s.DroppedAnswers != 0 || s.RefusedAnswers != 0 || len(srv.Warnings()) != 0 {
				t.Errorf("DroppedAnswers %d, RefusedAnswers %d, warnings %v; want none", s.DroppedAnswers, s.RefusedAnswers, srv.Warnings())
			}
			if lines := log.lines("WARN"); len(lines) != 0 {
				t.Errorf("the log warns: %q", lines)
			}
		})
	}
}

// nextAnswers is next, but for messages that hold nothing.
func (p *peer) nextAnswers() (token string, frames []wire.Frame) {
	p.t.Helper()
	for {
		var answers []wire.Frame
		token, frames = p.next()
		for _, f := range frames {
			if f.Kind == wire.KindReply || f.Kind == wire.KindError {
				answers = append(answers, f)
			}
		}
		if len(answers) > 0 {
			return token, answers
		}
	}
}

func TestAnExportAndAllowResponsesTogetherSayBothSubjectsToAllow(t *testing.T) {
	w := newAccounts(t, exported(", response_type: stream", `, permissions: {publish: ["helium.>", "$JS.>", "$KV.>", "_INBOX.>"], allow_responses: true}`))
	w.startBinder("s")
	srv, p := w.serve("s", rpcserver.Config{Logger: quiet(), StreamExport: true})
	if got := srv.Warnings(); len(got) != 0 {
		t.Fatalf("it warns of %v before a caller of another account has come", got)
	}
	peer := w.peer("c")
	unequal(t, peer, p, "+1", 2)
	peer.nextAnswers()
	eventually(t, "it warns of the export's reply subjects", func() bool {
		got := warningsIn(srv, rpcserver.WarningAnswersLimited)
		return len(got) == 1 && strings.Contains(got[0], `"_R_.>"`)
	})
	p.releaseAll()
	eventually(t, "what is refused is counted", func() bool { s := srv.Stats(); return s.RefusedAnswers >= 1 && s.DroppedAnswers == 0 })
}

func TestATraceThatIsRefusedIsNoAnswerThatIsLost(t *testing.T) {
	w := newAccounts(t, exported("", `, permissions: {publish: ["helium.>", "$JS.>", "$KV.>", "_R_.>"], allow_responses: true}`))
	w.startBinder("s")
	nc := w.connect("s", "s-server")
	told := make(chan string, 100)
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if subject, ok := natsperm.Publish(err); ok {
			told <- subject
		}
	})
	srv, _ := (&world{t: t}).serveAs(nc, rpcserver.Config{Logger: quiet()})
	refused := make(chan string, 100)
	watch := natsperm.Listen(nc, func(err error) bool {
		if subject, ok := natsperm.Publish(err); ok {
			refused <- subject
		}
		return false
	})
	defer watch.Stop()
	peer := w.peer("c")
	peer.send("helium.call.probe.echo", "+1", message(callFrame(1, "x")))
	peer.one()
	trace := receive(t, "the refusal of the trace", refused)
	if err := nc.Publish("last", nil); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, "what the connection's own handler is told", told); got != "last" {
		t.Errorf("the connection's own handler was told of a publish to %s, want nothing of %s", got, trace)
	}
	if n := srv.Stats().RefusedAnswers; n != 0 {
		t.Errorf("RefusedAnswers %d, want 0", n)
	}
}

func TestToolsOfAnotherAccountThatGetOneOfSeveralAnswersProveNothing(t *testing.T) {
	w := newAccounts(t, exported("", ""))
	w.startBinder("s")
	nc := w.connect("s", "two")
	srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
	for _, name := range []string{"one", "two"} {
		if err := rpcserver.Register(srv, name, newProbe()); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	peer := w.peer("c")
	for range 3 {
		peer.send("$SRV.PING", "ping", nil)
		if _, err := peer.sub.NextMsg(patience); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // for what the server may do, and shouldn't
	}
	if got := srv.Warnings(); len(got) != 0 || srv.Stats().DroppedAnswers != 0 {
		t.Errorf("it warns of %v, DroppedAnswers %d; want nothing: who asks may have wanted one answer", got, srv.Stats().DroppedAnswers)
	}
}

func TestAnExportOnAnotherMemberOfAClusterIsSeenThrough(t *testing.T) {
	for kind, want := range map[string]int{"": 1, ", response_type: stream": 0} {
		t.Run("cluster"+kind, func(t *testing.T) {
			conf := strings.ReplaceAll(exported(kind, ""), "jetstream: enabled, ", "")
			a := newMember(t, "A", "cluster: {name: x, listen: \"127.0.0.1:-1\"}", conf)
			b := newMember(t, "B", "cluster: {name: x, listen: \"127.0.0.1:-1\", routes: [\"nats://"+a.nats.ClusterAddr().String()+"\"]}", conf)
			eventually(t, "the cluster is whole", func() bool { return a.nats.NumRoutes() > 0 && b.nats.NumRoutes() > 0 })
			a.answerAsBinder("s")
			var log logBook
			srv, _ := a.serve("s", rpcserver.Config{Logger: log.logger()})
			peer := b.peer("c")
			eventually(t, "B knows of the server on A", func() bool {
				msg, err := peer.nc.Request("helium.call.probe.echo", []byte(`["x"]`), patience)
				return err == nil && string(msg.Data) == `"x"`
			})
			peer.callAs(7)
			if want > 0 {
				eventually(t, "it warns", func() bool {
					peer.callAs(7)
					return len(warningsIn(srv, rpcserver.WarningAnswersDropped)) == want
				})
				if got := warningsIn(srv, rpcserver.WarningAnswersDropped)[0]; !strings.Contains(got, "with the response type singleton") {
					t.Errorf("it warns %q, want that it knows the type", got)
				}
				return
			}
			eventually(t, "the export is examined", func() bool {
				peer.callAs(7)
				return rpcserver.Examined(srv, "probe")
			})
			if got := srv.Warnings(); len(got) != 0 {
				t.Errorf("it warns of %v, want of nothing", got)
			}
		})
	}
}

// answerAsBinder stands for a binder where there is no JetStream.
func (w *accounts) answerAsBinder(user string) {
	w.t.Helper()
	nc := w.connect(user, user+"-binder")
	if _, err := nc.Subscribe("helium.binder.>", func(m *nats.Msg) { _ = m.Respond([]byte(`{"lease_ms":30000}`)) }); err != nil {
		w.t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		w.t.Fatal(err)
	}
}

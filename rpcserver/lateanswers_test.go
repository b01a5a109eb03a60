package rpcserver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestAnswersThatComeTooLateForNATSAreCountedAndToldOfOnce(t *testing.T) {
	for name, test := range map[string]struct {
		conf, binder     string
		says             string // the warning; "": none
		refused, dropped bool
	}{
		"allow_responses that expire":      {inAccount(`{max: 1, expires: "500ms"}`), "b", "expires of allow_responses", true, false},
		"an export of one answer":          {exported(`, response_threshold: "500ms"`, ""), "s", "response_threshold", false, true},
		"an export of a stream":            {exported(`, response_type: stream, response_threshold: "500ms"`, ""), "s", "response_threshold", false, true},
		"an export with time enough":       {exported(`, response_threshold: "1m"`, ""), "s", "", false, false},
		"allow_responses with time enough": {inAccount(`{max: 1, expires: "1m"}`), "b", "", false, false},
	} {
		for _, plain := range []bool{false, true} {
			if plain {
				name += ", a plain request"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newAccounts(t, test.conf)
				w.startBinder(test.binder)
				var log logBook
				srv, p := w.serve("s", rpcserver.Config{Logger: log.logger(), NoMonitoring: true})
				peer := w.peer("c")
				// One that is in time first, so that it is known what NATS takes of those.
				peer.callAs(7)
				about := wire.Frame{Kind: wire.KindSender, Seq: 7, Time: 5}
				const calls = 3
				for i := range calls {
					data := message(about, callFrame(uint64(i+2)))
					if plain {
						data = []byte(`[]`)
					}
					peer.send("helium.call.probe.block", "+"+strings.Repeat("x", i+1), data)
					receive(t, "a blocked call", p.entered)
				}
				time.Sleep(1500 * time.Millisecond) // NATS's own clock, by which answers expire
				p.releaseAll()
				if test.says == "" {
					for range calls {
						if _, err := peer.sub.NextMsg(patience); err != nil {
							t.Errorf("an answer that isn't too late: %v", err)
						}
					}
				}
				lost := test.dropped && !plain // of a plain request nobody knows who wants it, nor whether he still does
				eventually(t, "each answer that is lost is counted", func() bool {
					if lost {
						peer.callAs(7) // it was there all the while
					}
					s := srv.Stats()
					return (s.RefusedAnswers == calls) == test.refused && (s.DroppedAnswers == calls) == lost
				})
				warned := func() []string { return warningsIn(srv, rpcserver.WarningAnswersLate) }
				if test.says == "" || plain && test.dropped {
					if got := warned(); len(got) > 0 {
						t.Errorf("it warns: %q, want nothing of late answers", got)
					}
					return
				}
				eventually(t, "it warns", func() bool { return len(warned()) == 1 })
				if got := warned()[0]; !strings.Contains(got, test.says) || !strings.Contains(got, "after its request") {
					t.Errorf("it warns: %q, want what to set, %q, and how late the answer was", got, test.says)
				}
				if lines := log.lines("after its request"); len(lines) != 1 {
					t.Errorf("the log tells it %d times, want once: %q", len(lines), lines)
				}
				if got := warningsIn(srv, rpcserver.WarningAnswersDropped); test.conf == exported(`, response_type: stream, response_threshold: "500ms"`, "") && len(got) > 0 {
					t.Errorf("it warns: %q, and the export takes all answers", got)
				}
			})
		}
	}
}

func TestALateAnswerToACallerThatHasLeftIsNotSaidToBeDropped(t *testing.T) {
	for name, kind := range map[string]string{"one answer": "", "a stream": ", response_type: stream"} {
		t.Run("an export of "+name, func(t *testing.T) {
			t.Parallel()
			w := newAccounts(t, exported(kind, ""))
			w.startBinder("s")
			srv, p := w.serve("s", rpcserver.Config{Logger: quiet(), NoMonitoring: true})
			peer, leaver := w.peer("c"), w.peer("c")
			for i := range 3 {
				about := wire.Frame{Kind: wire.KindSender, Seq: 100 + uint64(i), Time: 5}
				leaver.send("helium.call.probe.block", fmt.Sprintf("+%d", i), message(about, callFrame(1)))
				receive(t, "a blocked call", p.entered)
			}
			leaver.nc.Close()
			time.Sleep(1100 * time.Millisecond) // an answer is late from a second on
			p.releaseAll()
			for range 20 {
				peer.callAs(7)
				time.Sleep(10 * time.Millisecond) // for traces, of which nothing is to come
			}
			if got := warningsIn(srv, rpcserver.WarningAnswersLate); len(got) > 0 || srv.Stats().DroppedAnswers > 0 {
				t.Errorf("it warns %q, DroppedAnswers %d; want neither", got, srv.Stats().DroppedAnswers)
			}
		})
	}
}

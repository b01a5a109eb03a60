package faketime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// inMemory is where servers take direct links that need no socket.
const inMemory = "memory:"

// who calls work.who, and reports whether the call left by a direct link.
func (w *world) who(c *rpcclient.Client, id string) (direct bool) {
	w.t.Helper()
	before := c.Stats().DirectFrames
	if one := w.begin(c, "work.who", id).wait(); one.err != nil {
		w.t.Fatalf("call %s: %v", id, one.err)
	}
	return c.Stats().DirectFrames > before
}

// linked calls until calls go by a direct link.
func (w *world) linked(c *rpcclient.Client) {
	w.t.Helper()
	for i := range 10 {
		if w.who(c, fmt.Sprint("link", i)) {
			return
		}
		time.Sleep(time.Second)
	}
	w.t.Fatalf("no call goes by a direct link: %+v", c.DirectLinks())
}

func TestAPermissionThatIsTakenAwayEndsTheCallsByADirectLink(t *testing.T) {
	inFakeTime(t, func(w *world) {
		var denied atomic.Bool
		w.bus.MayPublish = func(name, subject string) bool {
			return name != "client" || !denied.Load() || !strings.HasPrefix(subject, "helium.at.")
		}
		_, srv := w.serve("server", rpcserver.Config{Listen: inMemory})
		c := w.client(rpcclient.Config{})
		w.linked(c)
		held := w.begin(c, "work.hold", "held")
		denied.Store(true)
		taken, lost := time.Now(), time.Time{}
		for i := 0; time.Since(taken) < 3*time.Minute; i++ {
			if direct := w.who(c, fmt.Sprint(i)); direct && !lost.IsZero() {
				t.Fatalf("call %d left by a direct link, %v after the permission was taken away", i, time.Since(taken))
			} else if !direct && lost.IsZero() {
				lost = time.Now()
			}
			time.Sleep(time.Second)
		}
		if after := lost.Sub(taken); lost.IsZero() || after > 95*time.Second {
			t.Errorf("calls left by the link for %v, want 95 s at most", after)
		}
		if held.wait(); held.err == nil || held.took < 59*time.Second {
			t.Errorf("the call that ran meanwhile ended after %v with %v, want its deadline of a minute", held.took, held.err)
		}
		denied.Store(false)
		for range 90 {
			w.who(c, "again")
			time.Sleep(time.Second)
		}
		if !w.who(c, "allowed") {
			t.Errorf("calls don't go by a link once it is permitted again: %+v", c.DirectLinks())
		}
		if s := srv.Stats(); s.DirectBroken != 0 {
			t.Errorf("%d links were ended for what came, want none", s.DirectBroken)
		}
	})
}

func TestCallsGoOnByADirectLinkForHoursWhileTheServerHasNoNATS(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.serve("server", rpcserver.Config{Listen: inMemory})
		c := w.client(rpcclient.Config{})
		w.linked(c)
		for _, name := range []string{"server", "client", "binder"} {
			w.bus.Freeze(name)
			w.bus.Kill(name)
		}
		direct := 0
		for i := range 240 {
			if w.who(c, fmt.Sprint(i)) {
				direct++
			}
			time.Sleep(30 * time.Second)
		}
		if direct != 240 {
			t.Errorf("%d of 240 calls in two hours went by the link, want all", direct)
		}
	})
}

func TestCallsGoOnByADirectLinkWhileTheServerAloneHasNoNATS(t *testing.T) {
	for name, server := range map[string]struct{ frozen, expires bool }{
		"while the registry knows it":               {},
		"when the registry forgets it":              {expires: true},
		"as its NATS stands still":                  {frozen: true},
		"as that does, and the registry forgets it": {frozen: true, expires: true},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(w *world) {
				_, srv := w.serve("server", rpcserver.Config{Listen: inMemory})
				c := w.client(rpcclient.Config{})
				w.linked(c)
				w.bus.Freeze("server")
				if !server.frozen {
					w.bus.Kill("server")
				}
				began := time.Now()
				for i := range 90 {
					if server.expires && i == 3 {
						w.expire("work", srv.Instance())
					}
					if !w.who(c, fmt.Sprint(i)) {
						t.Fatalf("a call left by the bus after %v: %+v", time.Since(began), c.DirectLinks())
					}
					if i%10 == 0 {
						for item, err := range rpcclient.Stream[int](context.Background(), c, "work.tick") {
							if err != nil {
								t.Fatalf("a stream after %v: %v", time.Since(began), err)
							}
							if item == 3 {
								break
							}
						}
					}
					time.Sleep(10 * time.Second)
				}
				if n := srv.Stats().DirectLinks; n != 1 {
					t.Errorf("the server has %d links, want the one", n)
				}
			})
		})
	}
}

// expire has the registry forget an instance, and tells all clients.
func (w *world) expire(service, instance string) {
	w.t.Helper()
	w.mu.Lock()
	delete(w.records, service+"."+instance)
	w.mu.Unlock()
	event, err := json.Marshal(binder.Event{Kind: binder.Expired, Record: binder.Record{Service: service, Instance: instance}, Revision: 9})
	nc := w.connect("tells")
	if err == nil {
		err = nc.Publish("helium.binder.event."+service, event)
	}
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestCallsThatRunWhenAPermissionIsTakenAwayGoOnByTheLinkAndAreCanceledByIt(t *testing.T) {
	inFakeTime(t, func(w *world) {
		var denied atomic.Bool
		w.bus.MayPublish = func(name, subject string) bool {
			return name != "client" || !denied.Load() || !strings.HasPrefix(subject, "helium.at.")
		}
		s, srv := w.serve("server", rpcserver.Config{Listen: inMemory})
		c := w.client(rpcclient.Config{})
		w.linked(c)
		before := c.Stats().DirectFrames
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- c.Call(ctx, "work.hold", nil, "held") }()
		synctest.Wait()                   // it has left
		const size, items = 64 << 10, 300 // of which the stream asks for more now and then
		read := 0
		for _, err := range rpcclient.Stream[[]byte](context.Background(), c, "work.blobs", size, items) {
			if err != nil {
				t.Fatalf("the stream ended with %v after %d items, want all %d", err, read, items)
			}
			if read++; read == 1 {
				if by := c.Stats().DirectFrames - before; by != 2 {
					t.Fatalf("%d calls left by the link, want both", by)
				}
				denied.Store(true)
			}
			time.Sleep(time.Second)
		}
		if read != items {
			t.Errorf("%d items came, want %d", read, items)
		}
		if w.who(c, "new") {
			t.Error("a call leaves by the link five minutes after the permission was taken away")
		}
		cancel()
		if err := <-ended; !errors.Is(err, helium.ErrCanceled) {
			t.Errorf("the call that ran ended with %v, want that it was canceled", err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if err := s.end("held"); !errors.Is(err, context.Canceled) || srv.Stats().Running != 0 {
			t.Errorf("the handler's context ended with %v, and %d handlers run; want that it was canceled, and none", err, srv.Stats().Running)
		}
	})
}

func TestAClientAndAServerOfOneProgramMeetWhereverTheServerListens(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.serve("server", rpcserver.Config{Listen: inMemory})
		c := w.client(rpcclient.Config{})
		w.linked(c)
		synctest.Wait()
		if links := c.DirectLinks(); len(links) != 1 || links[0].Address != "this process" || links[0].Encrypted {
			t.Errorf("the client says %+v, want a link within this process", links)
		}
	})
}

func TestOneWayCallsAndPlainRequestsRunByWhateverLinksTheyComeTogether(t *testing.T) {
	for name, listen := range map[string]string{"by the bus alone": "", "by direct links, too": inMemory} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(w *world) {
				s, srv := w.serve("server", rpcserver.Config{Listen: listen})
				want := make(map[string]int)
				var clients []*rpcclient.Client
				for range 3 {
					c := w.client(rpcclient.Config{})
					clients = append(clients, c)
					if listen != "" {
						w.linked(c)
					}
				}
				clients = append(clients, w.client(rpcclient.Config{BusOnly: true}))
				s.forget()
				for i := range 10 {
					for j, c := range clients {
						id := fmt.Sprintf("client %d, %d", j, i)
						want[id] = 1
						if err := c.Notify(context.Background(), "work.hold", id); err != nil {
							t.Fatal(err)
						}
					}
				}
				synctest.Wait() // all of them run, and go on
				plain := w.connect("plain")
				for i := range 10 {
					id := fmt.Sprint("plain ", i)
					want[id] = 1
					if m, err := plain.Request("helium.call.work.who", []byte(`["`+id+`"]`), time.Second); err != nil || string(m.Data) != `"`+srv.Instance()+`"` {
						t.Errorf("plain request %d is answered with %v, %v; want the instance", i, m, err)
					}
				}
				if ran := s.counts(); !maps.Equal(ran, want) {
					t.Errorf("ran %v, want each of %d calls once", ran, len(want))
				}
				if got := srv.Stats(); got.Duplicates != 0 || got.Unheard != 0 {
					t.Errorf("%d calls are counted as duplicates and %d as unheard, want none", got.Duplicates, got.Unheard)
				}
			})
		})
	}
}

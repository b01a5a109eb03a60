package bus

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
)

// farm is a number of NATS servers within the process, so that the time that passes can be the
// test's own. They know what a client needs to connect.
type farm struct {
	mu      sync.Mutex
	servers map[string]*farmed // guarded by mu, as all below; by address
	began   time.Time
	rushed  int // handshakes that nats.go began since then with a server that had said nothing
}

type farmed struct {
	state farmState
	conns []net.Conn
	dials []time.Duration // since began
}

type farmState int

const (
	runs  farmState = iota
	down            // nobody listens
	froze           // the system takes connections for it, and it says nothing
	talks           // it answers no pings, but says something each second
)

func newFarm(addresses ...string) *farm {
	f := &farm{servers: make(map[string]*farmed)}
	for _, address := range addresses {
		f.servers[address] = new(farmed)
	}
	return f
}

// become changes the state of a server. One that goes down loses its connections.
func (f *farm) become(address string, state farmState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.servers[address]
	s.state, s.dials, f.began, f.rushed = state, nil, time.Now(), 0
	if state == down {
		for _, conn := range s.conns {
			_ = conn.Close()
		}
		s.conns = nil
	}
	if state == talks {
		for _, conn := range s.conns {
			go func() {
				for err := error(nil); err == nil; time.Sleep(time.Second) {
					_, err = fmt.Fprint(conn, "+OK\r\n")
				}
			}()
		}
	}
}

func (f *farm) stateOf(address string) farmState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.servers[address].state
}

func (f *farm) dials(address string) []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.servers[address].dials)
}

func (f *farm) connect(_ context.Context, _, address string) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.servers[address]
	s.dials = append(s.dials, time.Since(f.began))
	if s.state == down {
		return nil, errors.New("connection refused")
	}
	ours, theirs := net.Pipe()
	s.conns = append(s.conns, theirs)
	conn := &watchedConn{Conn: ours, farm: f}
	go f.serve(address, theirs, conn)
	return conn, nil
}

func (f *farm) serve(address string, conn net.Conn, other *watchedConn) {
	defer conn.Close()
	if f.stateOf(address) == runs {
		other.greeted()
		fmt.Fprintf(conn, "INFO {\"server_id\":\"%s\",\"headers\":true,\"max_payload\":1048576}\r\n", address)
	}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if f.stateOf(address) == runs && lines.Text() == "PING" {
			fmt.Fprint(conn, "PONG\r\n")
		}
	}
}

// watchedConn sees when nats.go begins its handshake: by the deadline that it sets.
type watchedConn struct {
	net.Conn
	farm *farm
	said bool // the server has said something; guarded by farm.mu
}

func (c *watchedConn) greeted() {
	c.farm.mu.Lock()
	defer c.farm.mu.Unlock()
	c.said = true
}

func (c *watchedConn) SetReadDeadline(t time.Time) error {
	c.farm.mu.Lock()
	if !c.said {
		c.farm.rushed++
	}
	c.farm.mu.Unlock()
	return c.Conn.SetReadDeadline(t)
}

// inBubble runs a test in time of its own. nats.go keeps timers for others in a pool, and one
// made in the bubble is of no use outside; so the pool is emptied.
func inBubble(t *testing.T, test func(*testing.T)) {
	empty := func() {
		for range 2 { // what one collection finds unused the next one takes
			runtime.GC()
		}
	}
	empty()
	// The race detector can crash where two goroutines of a bubble find at the same moment that a timer is due,
	// as nats.go's of many clients do that look for a server (Go 1.26).
	processors := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(processors)
	synctest.Test(t, test)
	empty()
}

// client connects to the farm; it tries the servers in the order given, at first.
func (f *farm) client(t *testing.T, addresses ...string) *nats.Conn {
	t.Helper()
	config := Config{
		URL: "nats://" + strings.Join(addresses, ",nats://"), Logger: slog.New(slog.DiscardHandler),
		Options: []nats.Option{nats.DontRandomize()},
	}
	target, err := newTarget(config)
	if err != nil {
		t.Fatal(err)
	}
	target.connect = f.connect
	nc, err := connectOnce(context.Background(), config, target)
	if err != nil {
		t.Fatal(err)
	}
	return nc
}

func TestWhileAFrozenServerIsTriedNothingWaitsForIt(t *testing.T) {
	for name, servers := range map[string][]string{"alone": {"a:1"}, "all of three": {"a:1", "b:2", "c:3"}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				f := newFarm(servers...)
				nc := f.client(t, servers...)
				defer nc.Close()
				for _, address := range servers {
					f.become(address, froze)
					defer f.become(address, down) // or Close would wait for a lock that a handshake holds
				}
				refused := 0
				for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(7 * time.Millisecond) {
					f.mu.Lock()
					rushed := f.rushed
					f.mu.Unlock()
					if rushed > 0 {
						// It would hold its lock now, and the next line wait for that, though not in
						// a way that lets the test's time pass.
						t.Fatalf("after %v nats.go began a handshake with a server that says nothing", time.Since(began))
					}
					before := time.Now()
					if nc.Publish("subject", []byte("x")) != nil {
						refused++
					}
					if took := time.Since(before); took != 0 {
						t.Fatalf("Publish took %v, want no time", took)
					}
				}
				if refused == 0 {
					t.Error("the frozen server wasn't noticed in a minute")
				}
				last := servers[len(servers)-1]
				f.become(last, runs)
				time.Sleep(10 * time.Second)
				if got := nc.ConnectedServerId(); got != last {
					t.Errorf("10s after it thawed: connected to %q, want %q", got, last)
				}
			})
		})
	}
}

func TestAServerThatIsFrozenOrGoneDelaysTheReturnToAnotherOneByAMoment(t *testing.T) {
	for _, state := range []farmState{froze, down} {
		inBubble(t, func(t *testing.T) {
			f := newFarm("a:1", "b:2", "c:3")
			nc := f.client(t, "a:1", "b:2", "c:3")
			defer nc.Close()
			f.become("b:2", state)
			f.become("a:1", down)
			time.Sleep(firstRetry + 2*scoutPause)
			synctest.Wait()
			if got := nc.ConnectedServerId(); got != "c:3" {
				t.Errorf("with another one in state %d: connected to %q after a moment, want c:3", state, got)
			}
		})
	}
}

// mostWithin returns how many of some moments lie within a span, at most.
func mostWithin(span time.Duration, moments []time.Duration) (most int) {
	slices.Sort(moments)
	from := 0
	for to := range moments {
		for moments[to]-moments[from] > span {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

func TestManyClientsOfALostServerDontComeAtOnce(t *testing.T) {
	const clients = 500
	inBubble(t, func(t *testing.T) {
		f := newFarm("a:1", "b:2", "c:3")
		for range clients {
			nc := f.client(t, "a:1", "b:2", "c:3")
			defer nc.Close()
		}
		// One of a cluster goes: its clients come to the others, by chance and one by one.
		f.become("a:1", down)
		f.become("b:2", runs) // from now on its dials are counted
		f.become("c:3", runs)
		time.Sleep(firstRetry + time.Second)
		synctest.Wait()
		b, c := f.dials("b:2"), f.dials("c:3")
		if len(b)+len(c) < clients || len(b) < clients/3 || len(c) < clients/3 {
			t.Errorf("%d and %d clients came to the other two, want all %d, half to each", len(b), len(c), clients)
		}
		// Evenly spread there would be a tenth in each tenth of the time.
		if most := mostWithin(firstRetry/10, slices.Concat(b, c)); most > clients/4 {
			t.Errorf("%d of %d clients came to the others within %v", most, clients, firstRetry/10)
		}
		// All of them go, and one comes back.
		f.become("b:2", down)
		f.become("c:3", down)
		time.Sleep(time.Minute)
		f.become("a:1", runs)
		time.Sleep(2 * lastRetry)
		synctest.Wait()
		a := f.dials("a:1")
		if len(a) < clients {
			t.Errorf("%d clients came back, want all %d", len(a), clients)
		}
		if most := mostWithin(lastRetry/20, a); most > clients/4 {
			t.Errorf("%d of %d clients came back within %v", most, clients, lastRetry/20)
		}
	})
}

func TestAConnectionThatIsClosedWhileItLooksForAServerLeavesNothing(t *testing.T) {
	for _, after := range []time.Duration{time.Millisecond, 300 * time.Millisecond, 3 * time.Second} {
		inBubble(t, func(t *testing.T) {
			f := newFarm("a:1", "b:2")
			nc := f.client(t, "a:1", "b:2")
			f.become("b:2", froze)
			f.become("a:1", down)
			time.Sleep(after)
			nc.Close()
			time.Sleep(claimTimeout)
			synctest.Wait()
			seen := len(f.dials("b:2"))
			time.Sleep(time.Minute)
			if now := len(f.dials("b:2")); now > seen {
				t.Errorf("closed after %v, it dialed %d times more", after, now-seen)
			}
			f.become("b:2", down) // else its own goroutine stays
		})
	}
}

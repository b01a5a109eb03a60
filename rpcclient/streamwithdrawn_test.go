package rpcclient_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
)

// jam dials sockets whose writes wait while it is closed, until it is opened for good.
type jam struct {
	closed atomic.Bool
	stuck  chan bool // told when a write begins to wait
	opened chan struct{}
}

type jammed struct {
	net.Conn
	by *jam
}

func (j *jam) Dial(network, address string) (net.Conn, error) {
	socket, err := net.Dial(network, address)
	return jammed{socket, j}, err
}

func (c jammed) Write(b []byte) (int, error) {
	if c.by.closed.Load() {
		select {
		case c.by.stuck <- true:
		default:
		}
		<-c.by.opened
	}
	return c.Conn.Write(b)
}

func TestAStreamThatIsGivenUpBeforeItLeavesNeverBegins(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{Listen: "127.0.0.1:0"}})
	f := &flows{over: make(chan error, 100)}
	srv := heliumtest.Serve(env, "flow", f)
	j := &jam{stuck: make(chan bool, 1), opened: make(chan struct{})}
	nc, err := nats.Connect(env.Broker.URL(), nats.SetCustomDialer(j), nats.PingInterval(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	c := env.NewClientOn(nc, rpcclient.Config{})
	thaw := sync.OnceFunc(func() { close(j.opened) })
	t.Cleanup(thaw)
	begin := func(ctx context.Context) <-chan error {
		end := make(chan error, 1)
		go func() {
			_, err := gather(rpcclient.Stream[int](ctx, c, "flow.count", 3))
			end <- err
		}()
		return end
	}
	sent := func(streams uint64) {
		t.Helper()
		statsAre(t, c, func(s rpcclient.Stats) error {
			if s.Streams != streams {
				return fmt.Errorf("%d streams are sent, want %d", s.Streams, streams)
			}
			return nil
		})
	}
	first := begin(t.Context()) // which finds out that the connection may
	if err := within(t, first, "end of the first stream"); err != nil {
		t.Fatal(err)
	}

	j.closed.Store(true)
	inSocket := begin(t.Context())
	within(t, j.stuck, "write that waits") // and while it does, nobody else can publish
	sent(2)
	beingPublished := begin(t.Context())
	statsAre(t, c, func(s rpcclient.Stats) error {
		if s.FramesSent != 3 {
			return fmt.Errorf("%d streams are published or being so, want 3", s.FramesSent)
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	givenUp := begin(ctx)
	sent(3)
	behind := begin(t.Context())
	sent(4)
	cancel()
	if err := within(t, givenUp, "end of the stream that is given up"); helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("the stream that is given up ended with %v, %v; want that it wasn't executed", err, helium.OutcomeOf(err))
	}
	j.closed.Store(false)
	thaw()
	for name, end := range map[string]<-chan error{"in the socket": inSocket, "being published": beingPublished, "behind the one that was given up": behind} {
		if err := within(t, end, "end of a stream"); err != nil {
			t.Errorf("the stream %s ended with %v", name, err)
		}
	}
	noStreams(t, srv)
	if got := srv.Stats().StreamsBegun; got != 4 {
		t.Errorf("%d streams have begun, want 4: the one that was given up hasn't left", got)
	}
}

package proxy_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// patience bounds what happens soon; only a failing test waits for it.
const patience = time.Minute

// ends is both ends of a connection through a proxy.
type ends struct {
	proxy           *proxy.Proxy
	outside, inside *net.TCPConn
}

func connect(t *testing.T) ends {
	t.Helper()
	return connectThrough(t, proxy.Start)
}

func connectThrough(t *testing.T, start func(target string) (*proxy.Proxy, error)) ends {
	t.Helper()
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { target.Close() })
	p, err := start(target.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	outside, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	inside, err := target.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, conn := range []net.Conn{outside, inside} {
		t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
	}
	send(t, outside, "hello")
	expect(t, inside, "hello") // so the proxy has both ends by now
	return ends{p, outside.(*net.TCPConn), inside.(*net.TCPConn)}
}

func send(t *testing.T, from net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(from, text); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, at net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(at, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

// silent fails the test if something arrives within a moment, or the connection ends.
func silent(t *testing.T, at net.Conn) {
	t.Helper()
	if err := at.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var b [1]byte
	if n, err := at.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %q, %v; want nothing at all", b[:n], err)
	}
	if err := at.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
}

func TestBytesPassBothWaysAndHalfAnEndIsOne(t *testing.T) {
	c := connect(t)
	send(t, c.outside, "question")
	expect(t, c.inside, "question")
	if err := c.outside.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.inside.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the inside got %v, want the end of what comes from the outside", err)
	}
	send(t, c.inside, "answer")
	expect(t, c.outside, "answer")
}

func TestACutEndsBothSidesAndNewConnectionsPass(t *testing.T) {
	c := connect(t)
	c.proxy.Cut()
	for name, conn := range map[string]net.Conn{"outside": c.outside, "inside": c.inside} {
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the %s got %v, want that the connection is gone", name, err)
		}
	}
}

func TestWhatIsHeldArrivesOnceItIsLetThroughAndNothingIsLost(t *testing.T) {
	c := connect(t)
	c.proxy.Set(proxy.Conditions{Held: true})
	send(t, c.outside, "one")
	send(t, c.outside, "two")
	send(t, c.inside, "back")
	silent(t, c.inside)
	silent(t, c.outside)
	c.proxy.Set(proxy.Conditions{})
	expect(t, c.inside, "onetwo")
	expect(t, c.outside, "back")
}

func TestADelayHoldsBytesUpAndKeepsTheirOrder(t *testing.T) {
	c := connect(t)
	const delay = 100 * time.Millisecond
	c.proxy.Set(proxy.Conditions{Delay: delay})
	began := time.Now()
	send(t, c.outside, "one")
	send(t, c.outside, "two")
	expect(t, c.inside, "onetwo")
	if took := time.Since(began); took < delay {
		t.Errorf("it took %v, want %v at least", took, delay)
	}
}

func TestALostPacketIsSentAgainLater(t *testing.T) {
	c := connect(t)
	c.proxy.Set(proxy.Conditions{Loss: 1})
	began := time.Now()
	send(t, c.outside, "lost")
	expect(t, c.inside, "lost")
	if took := time.Since(began); took < proxy.RetransmitAfter {
		t.Errorf("it took %v, want %v at least", took, proxy.RetransmitAfter)
	}
}

func TestAThrottledConnectionIsSlowForWhoeverMadeIt(t *testing.T) {
	c := connect(t)
	c.proxy.Set(proxy.Conditions{Rate: 1000})
	began := time.Now()
	send(t, c.inside, string(make([]byte, 200)))
	expect(t, c.outside, string(make([]byte, 200)))
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("200 bytes at 1,000 a second took %v, want 200ms at least", took)
	}
}

func TestAHalfOpenConnectionIsGoneForOneEndAndSilentForTheOther(t *testing.T) {
	c := connect(t)
	c.proxy.HalfOpen()
	if _, err := c.inside.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the inside got %v, want that the connection is gone", err)
	}
	send(t, c.outside, "is anybody there")
	silent(t, c.outside)
	send(t, c.outside, "nobody")
}

func TestAHalfClosedConnectionEndsForTheTargetAlone(t *testing.T) {
	c := connect(t)
	c.proxy.HalfClose()
	if _, err := c.inside.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the inside got %v, want the end", err)
	}
	send(t, c.inside, "still here")
	expect(t, c.outside, "still here")
}

func TestWhileConnectionsAreRefusedNoneIsMade(t *testing.T) {
	c := connect(t)
	c.proxy.Set(proxy.Conditions{Refused: true})
	conn, err := net.Dial("tcp", c.proxy.Address())
	if err == nil {
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1))
	}
	if err == nil {
		t.Error("a connection was made and used, want it refused")
	}
	send(t, c.outside, "old ones pass")
	expect(t, c.inside, "old ones pass")
}

func TestAConnectionBreaksAfterSoManyBytesEitherWay(t *testing.T) {
	for name, c := range map[string]struct {
		cut  proxy.Conditions
		ways func(e ends) (from, to *net.TCPConn)
	}{
		"inward":  {proxy.Conditions{CutIn: 12}, func(e ends) (from, to *net.TCPConn) { return e.outside, e.inside }},
		"outward": {proxy.Conditions{CutOut: 7}, func(e ends) (from, to *net.TCPConn) { return e.inside, e.outside }},
	} {
		t.Run(name, func(t *testing.T) {
			e := connect(t) // 5 bytes got through inward
			e.proxy.Set(c.cut)
			from, to := c.ways(e)
			send(t, from, "1234567890")
			got, err := io.ReadAll(to)
			if string(got) != "1234567" && string(got) != "" || err == nil {
				t.Errorf("got %q, %v; want 7 bytes or, as the connection breaks, none, and an error", got, err)
			}
			if _, err := io.ReadAll(from); err == nil {
				t.Error("the sender's end has ended well, want an error")
			}
		})
	}
}

// shout is a rewriter that doubles what comes, while there is a delay.
type shout struct{}

func (shout) Rewrite(b []byte, now proxy.Conditions) []byte {
	if now.Delay == 0 {
		return b
	}
	return append(b, b...)
}

func TestWhatWhoeverConnectedSendsIsRewrittenAndNothingElse(t *testing.T) {
	c := connectThrough(t, func(target string) (*proxy.Proxy, error) {
		return proxy.StartRewriting(target, func() proxy.Rewriter { return shout{} })
	})
	c.proxy.Set(proxy.Conditions{Delay: 1})
	send(t, c.outside, "one")
	expect(t, c.inside, "oneone")
	send(t, c.inside, "two")
	expect(t, c.outside, "two")
	send(t, c.inside, "three")
	expect(t, c.outside, "three")
}

package bus_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
)

// silentAddress is one that takes connections and never says a word, like a frozen server.
func silentAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String() // the kernel's queue takes them
}

func TestAConnectionOutlivesTheContextThatMadeIt(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	nc, err := attempt(ctx, bus.Config{URL: b.URL(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	cancel()
	if err := nc.FlushTimeout(patience); err != nil {
		t.Errorf("got %v from a flush after the context's end, want nil", err)
	}
	if got := nc.Statistics.Reconnects; got != 0 {
		t.Errorf("got %d reconnects, want 0", got)
	}
}

func TestNATSURLSaysWhereUnlessTheConfigDoes(t *testing.T) {
	b := startBroker(t, broker.Config{})
	t.Setenv("NATS_URL", b.URL())
	if got := connect(t, bus.Config{}).ConnectedUrl(); got != b.URL() {
		t.Errorf("got a connection to %s, want %s", got, b.URL())
	}
	t.Setenv("NATS_URL", "nats://"+loopback.UnusedAddress(t))
	if got := connect(t, bus.Config{URL: b.URL()}).ConnectedUrl(); got != b.URL() {
		t.Errorf("with Config.URL too: got a connection to %s, want %s", got, b.URL())
	}
	t.Setenv("NATS_URL", "http://nowhere")
	refused(t, t.Context(), bus.Config{}, "NATS_URL", "http")
}

func TestTheConnectionHasTheNameOfTheConfig(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	if got := connect(t, bus.Config{URL: b.URL(), Name: "math-server"}).Opts.Name; got != "math-server" {
		t.Errorf("got %q, want %q", got, "math-server")
	}
	if got := connect(t, bus.Config{URL: b.URL()}).Opts.Name; got != filepath.Base(os.Args[0]) {
		t.Errorf("got %q, want the program's name", got)
	}
}

func TestAnUnreachableServerIsAnErrorThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	dead := loopback.UnusedAddress(t)
	err := answeredNo(t, bus.Config{URL: dead}, "nats://"+dead, "refused", "start a NATS server", "NATS_URL")
	if !errors.Is(err, nats.ErrNoServers) {
		t.Errorf("got %v, want nats.ErrNoServers in it", err)
	}
}

func TestAnUnreachableServersErrorKeepsSecrets(t *testing.T) {
	t.Parallel()
	dead := loopback.UnusedAddress(t)
	for _, url := range []string{
		"nats://alice:hush@" + dead,
		"nats://hush@" + dead, // a token
		"nats://alice:hush%zz@" + dead,
		"alice:hush@" + dead + ", nats://bob:hush@" + dead,
		"http://alice:hush@" + dead,
	} {
		if err := refused(t, t.Context(), bus.Config{URL: url}, dead); strings.Contains(err.Error(), "hush") {
			t.Errorf("got %q, want no password in it", err)
		}
	}
	if err := refused(t, t.Context(), bus.Config{URL: "nats://" + dead, User: "alice", Password: "hush"}, dead); strings.Contains(err.Error(), "hush") {
		t.Errorf("got %q, want no password in it", err)
	}
}

func TestNoErrorOfAURLHasAPartOfItsUserInfo(t *testing.T) {
	t.Parallel()
	dead := loopback.UnusedAddress(t)
	for _, userinfo := range []string{
		"hush:hush,hush", "hush:hush,hush,hush", "hush:hush,", "hush:,hush", "hush,hush:hush", "hush,hush", "hush@hush:hush,hush",
		"hush:77777,hush", "hush:7777,hush", "hush:7777, hush",
		"hush:hush/hush", "hush:7777/hush", "hush:7777?hush", "hush:7777#hush", "hush/7777", "hush:hush://hush", "hush://hush",
		"hush:hush hush", "hush:hush%zz,hush", "hush:hush,hu%zzsh", "hush:hush@hush", "hush:hush%", "hush:[hush]", "hush@hush://hush", "@hush", "hush@", "hush:hush\x7f",
	} {
		for _, url := range []string{
			"nats://" + userinfo + "@" + dead, userinfo + "@" + dead, "http://" + userinfo + "@" + dead,
			"nats://" + dead + ",nats://" + userinfo + "@" + dead, "nats://" + userinfo + "@" + dead + ",nats://" + userinfo + "@" + dead,
			"nats://" + userinfo + "@" + dead + ",http://" + dead,
		} {
			_, err := bus.Connect(t.Context(), bus.Config{URL: url})
			if err == nil {
				t.Fatalf("%q connects, want an error", url)
			}
			told := strings.ReplaceAll(err.Error(), dead, "")
			if strings.Contains(told, "7777") || strings.Contains(told, "sh,") || strings.Contains(strings.ReplaceAll(told, "//hush:xxxxx@", ""), "hush") {
				t.Errorf("of %q: got %q, want no password and no token in it", url, err)
			}
		}
	}
	refused(t, t.Context(), bus.Config{URL: "nats://alice:pa,ss@" + dead}, "Config.URL", "%2C")
	refused(t, t.Context(), bus.Config{URL: "nats://alice:pa/ss@" + dead}, "Config.URL", "%2F")
	// Written so, a comma and a slash are as good as any.
	refused(t, t.Context(), bus.Config{URL: "nats://alice:pa%2Css%2Fs@" + dead}, "nats://alice:xxxxx@"+dead)
	refused(t, t.Context(), bus.Config{URL: "alice:pass@" + dead + ",bob:pass@" + dead}, "nats://alice:xxxxx@"+dead+",nats://bob:xxxxx@"+dead)
}

func TestAURLThatIsNoneIsRefusedWithAnExample(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://127.0.0.1:4222", "nats://", "nats://:4222", "nats://a b:4222", "nats://a:port", ",", "nats://a:4222,ws://b:80"} {
		refused(t, t.Context(), bus.Config{URL: url}, "Config.URL", "nats://")
	}
}

func TestASilentServerOnTheNetworkIsGivenUp(t *testing.T) {
	t.Parallel()
	silent := silentAddress(t)
	began := time.Now()
	refused(t, context.Background(), bus.Config{URL: silent}, "nats://"+silent)
	if took := time.Since(began); took > patience {
		t.Errorf("took %v, want about 2s", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	// Waiting, it would go on without an end.
	if err := refused(t, ctx, bus.Config{URL: silent, Wait: true}, silent); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled in it", err)
	}
}

func TestASilentServerLeavesTimeForTheOthers(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	silent := []string{silentAddress(t), silentAddress(t)}
	// Less than two servers may take without shares, so that the third had none left. Its
	// share is a bit more than a second, which a busy machine can use up: then once more.
	const limit = 3900 * time.Millisecond
	var nc *nats.Conn
	for try := 1; nc == nil; try++ {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		var err error
		nc, err = bus.Connect(ctx, bus.Config{
			URL:     strings.Join(append(silent, b.URL()), ","),
			Logger:  quiet,
			Options: []nats.Option{nats.DontRandomize()},
		})
		if err != nil && try == 5 {
			t.Fatalf("got %v five times, want a connection within %v", err, limit)
		}
	}
	defer nc.Close()
	if got := nc.ConnectedUrl(); got != b.URL() {
		t.Errorf("got a connection to %s, want %s", got, b.URL())
	}
}

func TestWaitingConnectsWhenTheBrokerComesAndSaysSoOnce(t *testing.T) {
	t.Parallel()
	address := loopback.UnusedAddress(t)
	logger, log := newLog()
	type result struct {
		nc  *nats.Conn
		err error
	}
	done := make(chan result, 1)
	go func() {
		nc, err := bus.Connect(context.Background(), bus.Config{URL: "nats://alice:hush@" + address, Wait: true, Logger: logger})
		done <- result{nc, err}
	}()
	within(t, "a line that says it waits", func() bool { return log.count("waiting for the broker") == 1 })
	select {
	case r := <-done:
		t.Fatalf("got %v before there was a broker, want it to wait", r.err)
	case <-time.After(500 * time.Millisecond): // several attempts, one line
	}
	startBroker(t, broker.Config{Listen: address})
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	defer r.nc.Close()
	if got := log.count("waiting for the broker"); got != 1 {
		t.Errorf("got %d lines that say it waits, want 1:\n%s", got, log)
	}
	if log.count("the broker is there") != 1 || !strings.Contains(log.String(), address) || strings.Contains(log.String(), "hush") {
		t.Errorf("got the log\n%swant a line when the broker is there, its address, and no password", log)
	}
}

func TestWaitingIsOverWhenTheServerRefusesTheCredentials(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Token: "secret"})
	err := answeredNo(t, bus.Config{URL: b.URL(), Token: "wrong", Wait: true}, "refused the credentials")
	if !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("got %v, want nats.ErrAuthorization in it", err)
	}
}

// slowOnce is a server that finds the first client too slow in its handshake and tells
// it so, and is good for the others.
func slowOnce(t *testing.T, url, tells string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var pipes sync.WaitGroup
	pipes.Go(func() {
		for first := true; ; first = false {
			client, err := l.Accept()
			if err != nil {
				return // closed below
			}
			if first {
				fmt.Fprintf(client, "INFO {\"max_payload\":1000,\"auth_required\":true}\r\n%s\r\n", tells)
				pipes.Go(func() { io.Copy(io.Discard, client); client.Close() }) // closed at once, it could be lost
				continue
			}
			server, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
			if err != nil {
				t.Error(err)
				client.Close()
				return
			}
			pipes.Go(func() { io.Copy(server, client); server.Close() })
			pipes.Go(func() { io.Copy(client, server); client.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); pipes.Wait() })
	return l.Addr().String()
}

func TestWaitingGoesOnAfterAHandshakeThatTookTooLong(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Token: "secret"})
	for _, tells := range []string{"-ERR 'Authentication Timeout'", "PING"} {
		address := slowOnce(t, b.URL(), tells)
		logger, log := newLog()
		connect(t, bus.Config{URL: address, Token: "secret", Wait: true, Logger: logger})
		if got := log.count("waiting for the broker"); got != 1 {
			t.Errorf("after %s got %d lines that say it waits, want 1:\n%s", tells, got, log)
		}
	}
}

func TestAWaitEndsAtTheContextsDeadline(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	dead := loopback.UnusedAddress(t)
	err := refused(t, ctx, bus.Config{URL: dead, Wait: true}, dead)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded in it", err)
	}
}

func TestAnOptionOfTheConfigHasTheLastWord(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	nc := connect(t, bus.Config{URL: b.URL(), Options: []nats.Option{nats.CustomInboxPrefix("_INBOX.mine")}})
	if got := nc.NewInbox(); !strings.HasPrefix(got, "_INBOX.mine.") {
		t.Errorf("got inbox %s, want _INBOX.mine.…", got)
	}
	refused(t, t.Context(), bus.Config{URL: b.URL(), Options: []nats.Option{nats.CustomInboxPrefix("a.>")}}, "Config.Options")
}

package e2e_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// partVariable makes the test binary a part of the system, for tests to kill: it holds
// a part as JSON.
const partVariable = "HELIUM_TEST_PART"

func TestMain(m *testing.M) {
	if text := os.Getenv(partVariable); text != "" {
		if err := playPart(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// These tests wait much longer than they work, so more of them than there are
	// processors run beside each other. The command line has the last word.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(leak.Run(m))
}

// part says what a process is. Exactly one of the pointers is set.
type part struct {
	URL    string // of the broker, for all but a broker
	Broker *brokerPart
	Binder *binderPart
	Server *serverPart
	Caller *callerPart
}

// callerPart is a client that calls work.hold once, with a time limit, and prints the code of the
// error that it ended with; or that begins streams of each kind of "feed", and prints that each goes on.
type callerPart struct {
	Limit  time.Duration
	Linked bool // it calls work.run first, until it has a direct link
	Idle   bool // it calls no more then
	Stream bool // it begins streams instead
	Large  int  // it calls work.carry again and again instead, with so many bytes
	Items  int  // it sends and takes items of so many bytes by work.frame instead, for ever
}

// binderPart is a binder.
type binderPart struct{ Lease time.Duration }

// serverPart is a server of the service "work".
type serverPart struct {
	Processors int      // that it may use; 0: all
	Idempotent []string // methods
	Binder     bool     // it is a binder as well
	Drains     bool     // at its end it finishes the calls that it has, and says so
	Listen     string   // for direct links
	Advertise  string   // where these are dialed, if that is elsewhere
	Books      string   // the file in which it enters what it runs; "": none
}

// brokerPart is a broker that listens, one of a cluster if it has routes. With a certificate, in
// PEM with its key, and as much as is said, it listens by TLS or by websocket too.
type brokerPart struct {
	Listen, Dir, Name string
	Routes            []string
	Certificate       []byte
	TLS               bool // for Listen
	Websocket         bool
	WebsocketTLS      bool
}

func (p *brokerPart) config() (broker.Config, error) {
	config := broker.Config{Listen: p.Listen, Dir: p.Dir, Name: p.Name, Logger: quiet}
	if p.Routes != nil {
		config.Cluster = &broker.Cluster{Routes: p.Routes}
	}
	if p.Websocket {
		config.Websocket = new(broker.Websocket)
	}
	if p.TLS || p.WebsocketTLS {
		pair, err := tls.X509KeyPair(p.Certificate, p.Certificate)
		if err != nil {
			return config, err
		}
		with := &tls.Config{Certificates: []tls.Certificate{pair}}
		if p.TLS {
			config.TLS = with
		}
		if p.WebsocketTLS {
			config.Websocket.TLS = with
		}
	}
	return config, nil
}

// playPart plays a part until the standard input ends. When the part can be used it
// prints a line: of a broker the URL, and those of the cluster and of websockets, of a server the instance.
// A server prints a line with the ID of each Hold that begins.
func playPart(text string) error {
	var p part
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if p.Broker != nil {
		config, err := p.Broker.config()
		if err != nil {
			return err
		}
		b, err := broker.Start(ctx, config)
		if err != nil {
			return err
		}
		defer b.Close()
		return waitForEnd(b.URL(), b.ClusterURL(), b.WebsocketURL())
	}
	nc, err := bus.Connect(ctx, bus.Config{URL: p.URL, Name: "part", Logger: quiet})
	if err != nil {
		return err
	}
	defer nc.Close()
	if p.Binder != nil {
		b, err := binder.Start(ctx, nc, binder.Config{Lease: p.Binder.Lease, Logger: quiet})
		if err != nil {
			return err
		}
		defer b.Close()
		return waitForEnd("binder")
	}
	if p.Caller != nil {
		c, err := rpcclient.New(nc, rpcclient.Config{Logger: quiet, Timeout: p.Caller.Limit})
		if err != nil {
			return err
		}
		defer c.Close()
		if p.Caller.Stream {
			for p.Caller.Linked && c.Stats().DirectLinks == 0 && ctx.Err() == nil {
				_ = c.Call(ctx, "feed.absent", nil)
				time.Sleep(time.Millisecond)
			}
			go stream(c)
			return waitForEnd("caller")
		}
		for p.Caller.Linked && c.Stats().DirectLinks == 0 && ctx.Err() == nil {
			_ = callWithin(patience, c, 1)
			time.Sleep(time.Millisecond)
		}
		if p.Caller.Large > 0 {
			go func() {
				for data := make([]byte, p.Caller.Large); ; {
					_ = c.Call(context.Background(), "work.carry", nil, 1, data)
				}
			}()
			return waitForEnd("caller")
		}
		if p.Caller.Items > 0 {
			go func() {
				for range rpcclient.Stream[[]byte](context.Background(), c, "work.frame", endlessly(p.Caller.Items)) {
				}
			}()
			return waitForEnd("caller")
		}
		if p.Caller.Idle {
			return waitForEnd("caller")
		}
		go func() { fmt.Println("ended", helium.CodeOf(c.Call(context.Background(), "work.hold", nil, 1))) }()
		return waitForEnd("caller")
	}
	if p.Server.Processors > 0 {
		runtime.GOMAXPROCS(p.Server.Processors)
	}
	if p.Server.Binder {
		b, err := binder.Start(ctx, nc, binder.Config{Lease: long, Logger: quiet})
		if err != nil {
			return err
		}
		defer b.Close()
	}
	srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet, Listen: p.Server.Listen, Advertise: p.Server.Advertise})
	w := newWorker(srv.Instance())
	if p.Server.Books != "" {
		if w.books, err = ledger.Create(p.Server.Books); err != nil {
			return err
		}
		defer w.books.Close()
	}
	if err := rpcserver.Register(srv, "work", w, rpcserver.Idempotent(p.Server.Idempotent...)); err != nil {
		return err
	}
	if err := srv.Start(ctx); err != nil {
		return err
	}
	go func() {
		for id := range w.began {
			fmt.Println(id)
		}
	}()
	err = waitForEnd(srv.Instance())
	stop, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if p.Server.Drains {
		fmt.Println("drained", srv.Shutdown(stop))
		return err
	}
	cancel() // nobody waits for this process's calls any more
	_ = srv.Shutdown(stop)
	return err
}

func waitForEnd(words ...string) error {
	fmt.Println("ready", strings.Join(words, " "))
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// process is a program under test.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	stdin io.Closer
	lines chan string   // what it prints, until it ends
	seen  []string      // the lines that lineWith has taken
	done  chan struct{} // closed when it has ended
	words []string      // what a part said when it was ready
}

// launch starts a part and waits until it can be used.
func launch(t testing.TB, p part) *process {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), partVariable+"="+string(text))
	child := execute(t, cmd)
	ready := receive(t, "a part that is ready", child.lines)
	words, ok := strings.CutPrefix(ready, "ready ")
	if !ok {
		t.Fatalf("the part said %q, want that it is ready", ready)
	}
	child.words = strings.Fields(words)
	return child
}

// execute starts a program. It ends with the test, by the end of its standard input
// or, if it doesn't mind that, because it is killed.
func execute(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd, stdin: stdin, lines: make(chan string, 10_000), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer close(p.lines)
		for scan := bufio.NewScanner(stdout); scan.Scan(); {
			p.lines <- scan.Text()
		}
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() > 0 { // not killed
			t.Logf("%s: %v\n%s", cmd.Args[0], err, stderr.String())
		}
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process without a warning and returns when it is gone.
func (p *process) kill() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("killing %s: %v", p.cmd.Args[0], err)
	}
	p.stdin.Close()
	<-p.done
}

// launchWorker starts a server of the service "work" in a process of its own.
func (n network) launchWorker(idempotent ...string) *process {
	n.t.Helper()
	return launch(n.t, part{URL: n.broker.URL(), Server: &serverPart{Idempotent: idempotent, Listen: n.over.listen}})
}

// lineWith returns the first line that holds a text; the program must print it soon.
// Other lines may stand before it, and are there for a later lineWith.
func (p *process) lineWith(text string) string {
	p.t.Helper()
	for i := 0; ; i++ {
		if i == len(p.seen) {
			p.seen = append(p.seen, receive(p.t, fmt.Sprintf("a line with %q; so far %q", text, p.seen), p.lines))
		}
		if strings.Contains(p.seen[i], text) {
			return p.seen[i]
		}
	}
}

// stream begins a stream of each kind of "feed", which don't end, and prints once items go each way of each.
func stream(c *rpcclient.Client) {
	var began sync.WaitGroup
	began.Add(4)
	endless := func(yield func(int, error) bool) {
		for i := 0; yield(i, nil); i++ {
			if i == 1 {
				began.Done()
			}
			time.Sleep(time.Millisecond)
		}
	}
	take := func(items iter.Seq2[int, error]) {
		came := 0
		for range items {
			if came++; came == 1 {
				began.Done()
			}
		}
	}
	go take(rpcclient.Stream[int](context.Background(), c, "feed.numbers", -1))
	go take(rpcclient.Stream[int](context.Background(), c, "feed.double", iter.Seq2[int, error](endless)))
	go func() { _ = c.Call(context.Background(), "feed.sum", nil, iter.Seq2[int, error](endless)) }()
	began.Wait()
	fmt.Println("came")
}

package node_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/rpcclient"
)

// wordCount is what the service says of a word.
type wordCount struct {
	Word  string `msgpack:"word"`
	Times int64  `msgpack:"times"`
}

// words is a stub of the service in services/words.mjs.
type words struct {
	Upper    func(ctx context.Context, text string) (string, error)
	Count    func(ctx context.Context, text string) ([]wordCount, error)
	Find     func(ctx context.Context, word, text string) (int, error)
	Wait     func(ctx context.Context) error
	Canceled func(ctx context.Context) (int, error)
	Tenant   func(ctx context.Context) (string, error)
}

// running is services/words.mjs, a service made from docs/protocol.md.
type running struct {
	instance string
	said     *lines
	stdin    io.Closer
	exited   chan error // holds how it ended, once it has
}

// startService returns once the service of a program can be called. It ends when its input
// is closed, or with the test.
func startService(t *testing.T, n *network, file string) running {
	t.Helper()
	return startProgram(t, []string{"HELIUM_URL=" + n.broker.URL()}, file)
}

// startServiceAs is startService for services/words.mjs as a user with the password "pw".
func startServiceAs(t *testing.T, url, user string) running {
	t.Helper()
	return startProgram(t, []string{"HELIUM_URL=" + url, "HELIUM_USER=" + user, "HELIUM_PASSWORD=pw"}, "services/words.mjs")
}

func startProgram(t *testing.T, environment []string, file string) running {
	t.Helper()
	program := node(t, environment, file)
	said, exited := new(lines), make(chan error, 1)
	program.Stdout, program.Stderr = said, said
	stdin, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { exited <- program.Wait() }()
	t.Cleanup(func() {
		stdin.Close()
		select {
		case <-exited:
		case <-time.After(patience):
			_ = program.Process.Kill()
			<-exited
		}
	})
	eventually(t, "the service says that it serves", func() bool {
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("it ended: %v\n%s", err, said)
		default:
		}
		return wholeLine(said.String(), "serving ") != ""
	})
	return running{wholeLine(said.String(), "serving "), said, stdin, exited}
}

// TestAGoStubCallsAServiceInNode lives with a service from its start to its end.
func TestAGoStubCallsAServiceInNode(t *testing.T) {
	n := newNetwork(t, binder.Config{})
	program := startService(t, n, "services/words.mjs")
	instance := program.instance

	nc := n.conn()
	c, err := rpcclient.New(nc, rpcclient.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	var stub words
	if err := c.Bind("words", &stub); err != nil {
		t.Fatalf("Bind: %v", err)
	}
	if got, err := stub.Upper(ctx, "grüße"); got != "GRÜSSE" || err != nil {
		t.Errorf("Upper = %q, %v; want GRÜSSE", got, err)
	}
	if got, err := stub.Count(ctx, "a b a"); fmt.Sprint(got) != "[{a 2} {b 1}]" || err != nil {
		t.Errorf("Count = %v, %v; want a twice and b once", got, err)
	}
	if got, err := stub.Tenant(helium.WithMetadata(ctx, helium.Metadata{"tenant": "blue"})); got != "blue" || err != nil {
		t.Errorf("Tenant = %q, %v; want blue", got, err)
	}
	_, err = stub.Find(ctx, "c", "a b")
	e := helium.AsError(err)
	if e == nil || e.Code != helium.CodeNotFound || e.Reason != "words.not_there" || e.Details["word"] != "c" || e.Outcome != helium.Executed || e.Instance != instance {
		t.Errorf("Find of what isn't there = %+v; want not_found, words.not_there, executed, of %s", e, instance)
	}
	err = c.Call(ctx, "words.upper", nil, 5, 6)
	if helium.CodeOf(err) != helium.CodeInvalidArgument || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("a call with a wrong number of arguments = %v; want invalid_argument, not executed", err)
	}

	manyAtOnce(ctx, t, stub)
	endings(ctx, t, stub)

	// A plain request of any NATS client reaches it like any other service.
	for payload, want := range map[string]string{`["b", "a b"]`: "2", `{"text": "a b", "word": "b"}`: "2"} {
		if answer, err := nc.RequestWithContext(ctx, "helium.call.words.find", []byte(payload)); err != nil || string(answer.Data) != want {
			t.Errorf("a plain request %s = %v, %v; want %s", payload, answer, err, want)
		}
	}
	answer, err := nc.RequestWithContext(ctx, "helium.at.words."+instance+".find", []byte(`["c", "a b"]`))
	if err != nil || answer.Header.Get("Nats-Service-Error-Code") != "404" || !bytes.Contains(answer.Data, []byte(`"reason":"words.not_there"`)) {
		t.Errorf("a plain request that fails = %v, %v; want 404 and the reason", answer, err)
	}

	registry, err := binder.NewClient(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	if entry, err := registry.Lookup(ctx, "words"); err != nil || len(entry.Records) != 1 || entry.Records[0].Instance != instance || entry.Records[0].Version != "2.0.0" {
		t.Errorf("the lookup = %+v, %v; want version 2.0.0 of %s", entry, err, instance)
	}

	// It ends when its input does.
	if err := program.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-program.exited:
		program.exited <- err
		if err != nil || !strings.Contains(program.said.String(), "left after ") {
			t.Errorf("it ended with %v and said:\n%s\nwant it to take its leave", err, program.said)
		}
	case <-time.After(patience):
		t.Fatalf("it doesn't end; it said:\n%s", program.said)
	}
	eventually(t, "the registry knows that it has left", func() bool {
		_, err := registry.Lookup(ctx, "words")
		return errors.Is(err, helium.ErrUnknownService)
	})
	if _, err := stub.Upper(ctx, "x"); helium.CodeOf(err) != helium.CodeUnavailable && helium.CodeOf(err) != helium.CodeNotFound || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("a call after its end = %v; want it not executed", err)
	}
}

// TestAServiceInNodeRenewsItsLease has a lease so short that a busy machine may let it
// run out for a moment: the service then registers again.
func TestAServiceInNodeRenewsItsLease(t *testing.T) {
	const lease = time.Second // the shortest; services/words.mjs renews each third of it
	n := newNetwork(t, binder.Config{Lease: lease})
	program := startService(t, n, "services/words.mjs")
	began := time.Now()
	registry, err := binder.NewClient(n.conn(), "")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "two leases and the time to expire are over", func() bool { return time.Since(began) > 2*lease+2*time.Second })
	eventually(t, "it is in the registry after two leases", func() bool {
		entry, err := registry.Lookup(t.Context(), "words")
		return err == nil && len(entry.Records) == 1 && entry.Records[0].Instance == program.instance
	})
}

// manyAtOnce makes calls that share messages, of several methods.
func manyAtOnce(ctx context.Context, t *testing.T, stub words) {
	t.Helper()
	const calls = 500
	wrong := make(chan string, calls)
	for i := range calls {
		go func() {
			text, padding := fmt.Sprintf("x%d", i), strings.Repeat(" ", i)
			if i%2 == 0 {
				got, err := stub.Upper(ctx, text)
				if want := strings.ToUpper(text); got != want || err != nil {
					wrong <- fmt.Sprintf("Upper(%q) = %q, %v; want %q", text, got, err, want)
					return
				}
			} else if got, err := stub.Find(ctx, text, padding+text); got != i || err != nil {
				wrong <- fmt.Sprintf("Find(%q) = %d, %v; want %d", text, got, err, i)
				return
			}
			wrong <- ""
		}()
	}
	for range calls {
		if fault := <-wrong; fault != "" {
			t.Error(fault)
		}
	}
}

// endings ends a call by its deadline and one by a cancel.
func endings(ctx context.Context, t *testing.T, stub words) {
	t.Helper()
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if err := stub.Wait(short); helium.CodeOf(err) != helium.CodeDeadlineExceeded {
		t.Errorf("Wait past its deadline = %v; want deadline_exceeded", err)
	}
	eventually(t, "a cancel reached the handler", func() bool {
		given, giveUp := context.WithCancel(ctx)
		time.AfterFunc(50*time.Millisecond, giveUp)
		if err := stub.Wait(given); helium.CodeOf(err) != helium.CodeCanceled {
			t.Fatalf("Wait that was given up = %v; want canceled", err)
		}
		n, err := stub.Canceled(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n >= 1
	})
}

package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// slowInput is what somebody takes their time to type: it says when it is read, and comes when it is let.
type slowInput struct {
	read, come chan struct{}
	text       string
}

func newSlowInput(text string) *slowInput {
	return &slowInput{read: make(chan struct{}, 1), come: make(chan struct{}), text: text}
}

func (s *slowInput) Read(p []byte) (int, error) {
	select {
	case s.read <- struct{}{}:
	default:
	}
	<-s.come
	if s.text == "" {
		return 0, io.EOF
	}
	n := copy(p, s.text)
	s.text = s.text[n:]
	return n, nil
}

func TestTheTimeOfACallBeginsWhenItsArgumentsHaveCome(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for _, args := range [][]string{
		{"call", "kinds.whole", "-d", "-", "-o", "raw"},
		{"call", "kinds.whole", "--all", "-d", "-", "-o", "raw"},
		{"bench", "kinds.whole", "-n", "1", "--warmup", "0s", "-d", "-", "-o", "raw"},
	} {
		var r ran
		// A machine that has much else to do may need more than the first of them for what takes no time.
		for _, timeout := range []time.Duration{time.Second, 8 * time.Second} {
			in, over := newSlowInput("[7]"), make(chan struct{})
			go func() {
				defer close(in.come)
				select {
				case <-in.read:
				case <-over:
					return
				}
				<-time.After(timeout)
			}()
			r = heliumRunWith(t, in, append(args, "-s", url, "--timeout", timeout.String())...)
			if close(over); r.exit == cli.ExitOK {
				break
			}
		}
		if r.exit != cli.ExitOK || args[0] == "call" && r.out != "7\n" {
			t.Errorf("%q: got exit %d and %q, want 0 and what was sent; it says:\n%s", args, r.exit, r.out, r.err)
		}
	}
}

func TestWhoWaitsForArgumentsIsInterruptedAtOnce(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for _, args := range [][]string{
		{"call", "kinds.whole", "-d", "-"},
		{"bench", "kinds.whole", "-d", "-"},
	} {
		ctx, stop := context.WithCancel(t.Context())
		in := newSlowInput("[7]")
		var out, err lockedBuffer
		exit := make(chan int, 1)
		go func() { exit <- run(ctx, append(args, "-s", url), in, &out, &err) }()
		await(t, "the arguments are waited for", in.read)
		stop()
		select {
		case got := <-exit:
			if got != cli.ExitInterrupted || out.String() != "" {
				t.Errorf("%q: got exit %d and %q, want %d and nothing", args, got, out.String(), cli.ExitInterrupted)
			}
			close(in.come)
		case <-time.After(testPatience):
			close(in.come)
			<-exit
			t.Errorf("%q still waits for its arguments, want that it was interrupted", args)
		}
	}
}

// torn is an input that can't be read to its end.
type torn struct{}

func (torn) Read([]byte) (int, error) { return 0, errors.New("it is torn") }

func TestALineOfEachThatCantBeReadIsNamed(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for _, c := range []struct {
		rest io.Reader
		exit int
		err  string
	}{
		{zeros{}, cli.ExitArguments, "helium: line 4 is longer than 64 MiB, and each call is one line of JSON; it is whole(int64) int64\n"},
		{torn{}, cli.ExitInternal, "helium: --data can't be read after line 3: it is torn\n"},
	} {
		r := heliumRunWith(t, io.MultiReader(strings.NewReader("[1]\n\n[2]\n"), c.rest), "call", "kinds.whole", "--each", "-s", url)
		if r.exit != c.exit || r.out != "{\"result\":1}\n{\"result\":2}\n" || !strings.HasPrefix(r.err, c.err) {
			t.Errorf("got exit %d and %q, and it says:\n%swant exit %d, two results and %q", r.exit, r.out, r.err, c.exit, c.err)
		}
	}
}

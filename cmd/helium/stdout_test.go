package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// oneLineOutput takes a line, and then fails with an error.
type oneLineOutput struct {
	lockedBuffer
	then  error
	fails atomic.Bool
}

func (o *oneLineOutput) Write(p []byte) (int, error) {
	if o.fails.Load() {
		return 0, o.then
	}
	n, err := o.lockedBuffer.Write(p)
	o.fails.Store(strings.Contains(o.String(), "\n"))
	return n, err
}

func TestABinderGoesOnWithoutItsLogUnlessItsReaderLeft(t *testing.T) {
	full := errors.New("no space")
	for _, test := range []struct {
		then error
		exit int
		says string
	}{
		{full, cli.ExitInternal, "serving goes on"},
		{io.ErrClosedPipe, cli.ExitPipe, ""},
	} {
		b, err := broker.Start(t.Context(), broker.Config{Listen: "127.0.0.1:0"})
		check(t, err)
		ctx, stop := context.WithCancel(t.Context())
		out, errs := &oneLineOutput{then: test.then}, &lockedBuffer{}
		ended := make(chan int, 1)
		go func() { ended <- run(ctx, []string{"binder", "-s", b.URL()}, strings.NewReader(""), out, errs) }()
		nc, err := b.Connect("test")
		check(t, err)
		registry, err := binder.NewClient(nc, "")
		check(t, err)
		// Each registration is a line to print, and no later one fails for it.
		got := -1
		told := func() bool {
			select {
			case got = <-ended:
				return true
			default:
				return test.exit == cli.ExitInternal && out.fails.Load() && strings.Contains(errs.String(), test.says)
			}
		}
		for deadline, n := time.Now().Add(testPatience), 1; ; n++ {
			_, err := registry.Register(t.Context(), binder.Record{Service: "math", Instance: fmt.Sprint("i", n)})
			if told() && (err == nil || test.exit == cli.ExitPipe) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("after %v: got %v from the binder, which says %q", test.then, err, errs.String())
			}
			time.Sleep(5 * time.Millisecond)
		}
		if test.exit == cli.ExitInternal {
			_, err := registry.Lookup(t.Context(), "math")
			check(t, err)
			stop()
			select {
			case got = <-ended:
			case <-time.After(testPatience):
				t.Errorf("after %v: the binder never ended", test.then)
			}
		}
		if got != test.exit || test.says == "" && strings.Contains(errs.String(), "helium:") {
			t.Errorf("after %v: got exit %d, want %d; it says:\n%s", test.then, got, test.exit, errs.String())
		}
		stop()
		nc.Close()
		b.Close()
	}
}

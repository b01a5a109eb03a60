//go:build unix

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

// While a server is frozen, calls wait in its sockets, and it is as if they had just come when it
// goes on.
func TestPromise3ACallWhoseTimeRanOutInAFrozenServerIsNotRun(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	server := n.launchWorker()
	known := n.client(rpcclient.Config{})
	for id := range int64(100) { // the quickest of its messages tells what the others waited
		if err := callWithin(patience, known, id); err != nil {
			t.Fatal(err)
		}
	}
	const short, freeze = 400 * time.Millisecond, 1200 * time.Millisecond
	id := int64(1_000_000)
	eventually(t, "a server whose connection outlives that it is frozen", func() error {
		unknown := n.client(rpcclient.Config{})
		if err := server.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a call without an answer, as a process isn't frozen at once", func() error {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			if known.Call(ctx, "work.run", nil, int64(0)) == nil {
				return errors.New("it was answered")
			}
			return nil
		})
		frozen := time.Now()
		var calls sync.WaitGroup
		var patient [2]error
		for i, c := range []*rpcclient.Client{known, unknown} {
			for range 20 {
				id++
				this := id
				calls.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), short)
					defer cancel()
					if err := c.Call(ctx, "work.hold", nil, this); helium.CodeOf(err) != helium.CodeDeadlineExceeded {
						t.Errorf("a call to a frozen server: %v, want that its time was over", err)
					}
				})
			}
			id++
			this := id
			calls.Go(func() { patient[i] = callWithin(patience, c, this) })
		}
		time.Sleep(time.Until(frozen.Add(freeze)))
		if err := server.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		calls.Wait()
		return errors.Join(patient[0], patient[1])
	})
	// What comes now is behind all that.
	last := id + 1
	if err := known.Call(testContext(t), "work.run", nil, last); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(testContext(t))
	held := make(chan error, 1)
	go func() { held <- known.Call(ctx, "work.hold", nil, last) }()
	server.lineWith(fmt.Sprint(last))
	cancel()
	receive(t, "the end of the last call", held)
	if late := slices.DeleteFunc(server.seen, func(line string) bool { return line == strconv.FormatInt(last, 10) }); len(late) > 0 {
		t.Errorf("%d calls ran when nobody waited for them any more: %q", len(late), late)
	}
}

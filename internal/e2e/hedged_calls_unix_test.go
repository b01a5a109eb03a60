//go:build unix

package e2e_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"

	"github.com/helium-rpc/helium/rpcclient"
)

func TestHedgedCallsAreAnsweredInTimeWhileAServerIsFrozen(t *testing.T) {
	overEachLink(t, func(t *testing.T, n network) {
		c := n.client(rpcclient.Config{Hedge: true})
		frozen, other := n.launchWorker("who"), n.launchWorker("who")
		n.link(t, c, "work", 2)
		for range 3 { // so that the client knows how long calls take
			if got := whoAnswers(c, patience); len(got) != 2 {
				t.Fatalf("40 calls met %v, want both of two servers", got)
			}
		}
		key := "customer-0"
		for i := 1; ; i++ {
			who, err := whoHas(c, key)
			if err != nil {
				t.Fatal(err)
			}
			if who == frozen.words[0] {
				break
			}
			key = fmt.Sprint("customer-", i)
		}
		if err := frozen.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		call := func() (string, error) {
			ctx, cancel := context.WithTimeout(context.Background(), soon)
			defer cancel()
			return rpcclient.Call[string](ctx, rpcclient.Keyed(c, key), "work.who")
		}
		eventually(t, "the other server's answer", func() error { // a process isn't frozen at once
			who, err := call()
			if err != nil {
				t.Fatal(err)
			}
			if who != other.words[0] {
				return fmt.Errorf("%s answered, want %s", who, other.words[0])
			}
			return nil
		})
		for range 5 { // the budget has some hedges more
			if who, err := call(); err != nil || who != other.words[0] {
				t.Errorf("the answer is %s, %v; want the server's that isn't frozen, %s", who, err, other.words[0])
			}
		}
		if s := c.Stats(); s.HedgesWon == 0 {
			t.Errorf("no hedge won of %d", s.Hedges)
		}
		thaw(t, frozen, c)
	})
}

//go:build unix

package e2e_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestACallToAllInstancesNamesAFrozenServerByItsSilence(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		c := n.client(rpcclient.Config{})
		frozen, other := n.launchWorker(), n.launchWorker()
		allThere(t, c, 2)
		n.link(t, c, "work", 2)
		if err := frozen.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		eventually(t, "an error of the frozen server", func() error {
			answers := whoIsThere(t, c, patience)
			if answer := answers[other.words[0]]; answer.Err != nil || answer.Value != other.words[0] {
				t.Errorf("the other server answered %q, %v; want its name", answer.Value, answer.Err)
			}
			err := answers[frozen.words[0]].Err
			if err == nil {
				return fmt.Errorf("answers %v", answers) // it wasn't quite frozen yet
			}
			if helium.CodeOf(err) != helium.CodeUnavailable || helium.OutcomeOf(err) != helium.Unknown {
				t.Errorf("the frozen server: %v (%v), want unavailable, unknown", err, helium.OutcomeOf(err))
			}
			return nil
		})
		if took := time.Since(began); took > soon {
			t.Errorf("it took %v until the frozen server was named, want seconds", took)
		}
	})
}

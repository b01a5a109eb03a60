package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/rpcclient"
)

// launchBookkeepers starts three servers of the service "work" in processes of their own, whose books
// outlast them. It returns them by name, and what reads how often calls by napKeyed ran.
func (n network) launchBookkeepers(idempotent ...string) (servers map[string]*process, times func() map[int64]int) {
	n.t.Helper()
	folder := n.t.TempDir()
	servers = make(map[string]*process)
	for i := range 3 {
		p := launch(n.t, part{URL: n.broker.URL(), Server: &serverPart{
			Idempotent: idempotent, Listen: n.over.listen, Books: filepath.Join(folder, fmt.Sprint(i, ledger.Extension)),
		}})
		servers[p.words[0]] = p
	}
	return servers, func() map[int64]int {
		n.t.Helper()
		entries, err := ledger.Read(folder)
		if err != nil {
			n.t.Fatal(err)
		}
		ran := make(map[int64]int)
		for _, e := range entries {
			ran[-e.ID]++
		}
		return ran
	}
}

// keyOf returns one of 30 keys for a call.
func keyOf(id int64) string { return fmt.Sprint("customer-", id%30) }

// napKeyed calls work.nap by a key. It enters the negative of the ID, as hold has the others.
func napKeyed(c *rpcclient.Client, id int64) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return rpcclient.Keyed(c, keyOf(id)).Call(ctx, "work.nap", nil, -id)
}

// killUnderKeys kills a server while it holds a call, and there are others by all keys, and returns once
// the other servers have all keys and go on. It returns how the other calls ended, and where the end of
// the one that the server held will be told.
func (n network) killUnderKeys(t *testing.T, c *rpcclient.Client, servers map[string]*process) (ends map[int64]error, held <-chan error) {
	t.Helper()
	eventually(t, "all servers", func() error {
		if got := whoAnswers(c, patience); len(got) != len(servers) {
			return fmt.Errorf("40 calls met %v", got)
		}
		return nil
	})
	n.link(t, c, "work", len(servers))
	killed, err := whoHas(c, keyOf(0))
	if err != nil {
		t.Fatal(err)
	}
	held = servers[killed].hold(rpcclient.Keyed(c, keyOf(0)), patience)
	tr := startTrafficOf(24, func(id int64) error { return napKeyed(c, id) })
	tr.goOn(t, 200) // which earns the retries of all that are in flight
	servers[killed].kill()
	delete(servers, killed)
	for id := range int64(30) {
		eventually(t, "an answer by "+keyOf(id), func() error {
			who, err := whoHas(c, keyOf(id))
			if err == nil && servers[who] == nil {
				err = errors.New("it is the killed server's")
			}
			return err
		})
	}
	tr.goOn(t, 100)
	return tr.finish(), held
}

func TestCallsByAKeyOfAServerThatIsKilledEndRightAndNoneRunsTwice(t *testing.T) {
	overEachLink(t, func(t *testing.T, n network) {
		c := n.client(rpcclient.Config{})
		servers, times := n.launchBookkeepers()
		ends, held := n.killUnderKeys(t, c, servers)
		ran := times()
		if failed := checkEnds(t, ends, func(id int64) int { return ran[id] }); failed > len(ends)/2 {
			t.Errorf("%d of %d calls failed, want those that the killed server had, or were on their way there", failed, len(ends))
		}
		for id, err := range ends {
			if err != nil && helium.CodeOf(err) != helium.CodeUnavailable {
				t.Errorf("call %d ended with %v, want unavailable", id, err)
			}
		}
		err := receive(t, "the end of the call that the server held", held)
		if helium.CodeOf(err) != helium.CodeUnavailable || helium.OutcomeOf(err) != helium.Unknown {
			t.Errorf("the call that the server held: %v, %v; want unavailable, unknown", err, helium.OutcomeOf(err))
		}
	})
}

func TestIdempotentCallsByAKeyOfAServerThatIsKilledAllGoOnAtAnother(t *testing.T) {
	overEachLink(t, func(t *testing.T, n network) {
		c := n.client(rpcclient.Config{})
		servers, times := n.launchBookkeepers("nap", "hold")
		ends, held := n.killUnderKeys(t, c, servers)
		ran := times()
		for id, err := range ends {
			if err != nil || ran[id] == 0 {
				t.Errorf("call %d ended with %v and ran %d times, want that it ran", id, err, ran[id])
			}
		}
		next, err := whoHas(c, keyOf(0))
		if err != nil {
			t.Fatal(err)
		}
		receive(t, "the call that the server held, at the key's next one", servers[next].lines)
		select {
		case err := <-held:
			t.Errorf("the call that the server held ended with %v, want that it goes on", err)
		default:
		}
	})
}

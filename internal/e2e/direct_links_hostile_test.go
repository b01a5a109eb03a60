package e2e_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// This test isn't parallel: it measures the memory of the whole process.
func TestHostileBytesAtAPortThatListensHarmNobodyElse(t *testing.T) {
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{Listen: listening}, "hungry", hungry{})
	nc, c := bareConnection(t, n.broker.URL()), n.client(rpcclient.Config{})
	_, ticket := ticketByHand(t, nc, "hungry", srv.Instance())
	goesOn := func(after string) {
		t.Helper()
		if got, err := rpcclient.Call[int](testContext(t), c, "hungry.ints", []int64{1, 2, 3}); err != nil || got != 3 {
			t.Fatalf("after %s ints(1, 2, 3) = %v, %v; want 3, nil", after, got, err)
		}
	}
	before := srv.Stats().DirectRefused
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	firsts := map[string]string{
		"HTTP":                                "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"TLS that is none":                    "\x16\x03\x01\xff\xff" + strings.Repeat("x", 300),
		"noise":                               string(noise),
		"another version":                     "\xc1Helium\x02" + strings.Repeat("x", 48),
		"a ticket that nobody gave":           "\xc1Helium\x01" + strings.Repeat("x", 48),
		"a message of calls":                  string(messageOf(wire.Frame{Kind: wire.KindCall, Seq: 1, Time: 1000, Body: []byte{0x90}})) + strings.Repeat("x", 48),
		"a frame of four gigabytes":           "\xff\xff\xff\xff\x01" + strings.Repeat("x", 60),
		"one's own ticket, and a wrong proof": "\xc1Helium\x01" + string(ticket.ID[:]) + strings.Repeat("x", 64),
	}
	for what, first := range firsts {
		h := dialByHand(t, ticket)
		h.write([]byte(first))
		h.ends(what)
		goesOn(what)
	}
	eventually(t, "all of them counted", func() error {
		if got := srv.Stats().DirectRefused - before; got != uint64(len(firsts)) {
			return fmt.Errorf("%d of %d", got, len(firsts))
		}
		return nil
	})

	for what, frame := range map[string]func(h *handmade) []byte{
		"a service that wasn't taken": func(h *handmade) []byte { return h.calls(9, "ints", []byte{0xc1, 0x01}) },
		"service 0":                   func(h *handmade) []byte { return h.calls(0, "ints", []byte{0xc1, 0x01}) },
		"no kind":                     func(*handmade) []byte { return []byte{0, 0, 0, 0, 0} },
		"more than a frame may have":  func(*handmade) []byte { return []byte{0xff, 0xff, 0xff, 0xff, 1} },
		"a ping of a megabyte":        func(*handmade) []byte { return []byte{0, 0x10, 0, 0, 4} },
		"calls that end early":        func(*handmade) []byte { return framedByHand([]byte{1, 0, 1, 0}) },
		"a method that is longer":     func(*handmade) []byte { return framedByHand([]byte("\x01\x00\x01........\xffadd")) },
		"cancels of nobody's service": func(*handmade) []byte { return framedByHand([]byte("\x02\x00\x07\xc1\x01")) },
		"half a ping":                 func(*handmade) []byte { return framedByHand([]byte("\x04....")) },
	} {
		broken := srv.Stats().DirectBroken
		h := openByHand(t, nc, "hungry", srv.Instance())
		h.write(frame(h))
		h.ends(what)
		eventually(t, what+" counted", func() error {
			if got := srv.Stats().DirectBroken - broken; got != 1 {
				return fmt.Errorf("%d links were ended for what came", got)
			}
			return nil
		})
		goesOn(what)
	}

	h := openByHand(t, nc, "hungry", srv.Instance())
	for kind := 10; kind < 256; kind += 41 {
		h.write(framedByHand(append([]byte{byte(kind)}, noise[:900]...)))
	}
	h.write(framedByHand([]byte("\x08................\x00\x01"))) // what only an instance says
	if !h.answers() {
		t.Error("frames of unknown kinds end the link, want that they are stepped over")
	}
	sent := 0
	allocated := allocatedBy(func() {
		for _, bomb := range bombs() {
			for _, message := range framed(t, "ints", bomb) {
				for _, method := range []string{"ints", ""} {
					h.write(h.calls(h.service, method, message))
					sent += len(message)
				}
			}
		}
		if !h.answers() {
			t.Error("messages that break the protocol end the link, want that they are refused")
		}
	})
	if limit := uint64(32<<20 + 16*sent); allocated > limit {
		t.Errorf("messages of %d bytes made the process allocate %d, want %d at most", sent, allocated, limit)
	}
	goesOn("messages that break the protocol")

	allocated = allocatedBy(func() {
		for range 30 {
			h := openByHand(t, nc, "hungry", srv.Instance())
			h.write(append(binary.BigEndian.AppendUint32(nil, 60<<20), 1))
		}
		goesOn("thirty claims of 60 MiB")
	})
	if allocated > 64<<20 {
		t.Errorf("thirty frames that claim 60 MiB each made the process allocate %d bytes, want 64 MiB at most", allocated)
	}
	if got := srv.Stats().Panics; got != 0 {
		t.Errorf("%d handlers panicked, want none", got)
	}
}

// generous is a service with large results.
type generous struct{}

func (generous) Give(size int) []byte { return make([]byte, size) }

func TestACallerThatDoesNotReadItsDirectLinkSlowsNobodyElse(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{Listen: listening}, "generous", generous{})
	c := n.client(rpcclient.Config{})
	give := func(size int) error {
		got, err := rpcclient.Call[[]byte](testContext(t), c, "generous.give", size)
		if err == nil && len(got) != size {
			err = fmt.Errorf("%d bytes of %d", len(got), size)
		}
		return err
	}
	eventually(t, "a link", func() error {
		if err := give(1); err != nil {
			t.Fatal(err)
		}
		if c.Stats().DirectLinks == 0 {
			return errors.New("none")
		}
		return nil
	})
	h := openByHand(t, bareConnection(t, n.broker.URL()), "generous", srv.Instance())
	const calls, size = 300, 500_000 // more than is kept for who doesn't read
	for seq := range uint64(calls) {
		args := pack(t, []int{size})
		h.write(h.calls(h.service, "give", messageOf(wire.Frame{Kind: wire.KindCall, Seq: seq + 1, Time: 60_000, Body: args})))
	}
	served := 0
	eventually(t, "the end of the link whose caller doesn't read", func() error {
		served++
		if err := give(served % 100_000); err != nil {
			t.Fatalf("another caller's call: %v", err)
		}
		if links := srv.Stats().DirectLinks; links != 1 {
			return fmt.Errorf("%d links", links)
		}
		return nil
	})
	h.ends("a caller that doesn't read")
	if got := c.Stats(); got.DirectLinks != 1 {
		t.Errorf("the other caller has %d links, want its own", got.DirectLinks)
	}
}

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/direct"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// hungry is a service whose arguments invite to allocate.
type hungry struct{}

type tree struct {
	Name     string
	Children []tree
	Extra    any
}

func (hungry) Ints(v []int64) int               { return len(v) }
func (hungry) Texts(v [][]string) int           { return len(v) }
func (hungry) Map(v map[string][]byte) int      { return len(v) }
func (hungry) Any(v any) bool                   { return v == nil }
func (hungry) Tree(v tree) int                  { return len(v.Children) }
func (hungry) Bytes(v []byte) int               { return len(v) }
func (hungry) Many(v ...[16]int64) int          { return len(v) }
func (hungry) Two(a []float64, b string) string { return b }

var hungryMethods = []string{"ints", "texts", "map", "any", "tree", "bytes", "many", "two"}

// bombs are values that claim more than they are.
func bombs() map[string][]byte {
	array, dict := []byte{0x91}, []byte{0x81, 0xa1, 'a'}
	return map[string][]byte{
		"16 million elements":               {0xdd, 0x01, 0x00, 0x00, 0x00},
		"4 billion elements":                {0xdd, 0xff, 0xff, 0xff, 0xff},
		"16 million entries":                {0xdf, 0x01, 0x00, 0x00, 0x00},
		"4 billion entries":                 {0xdf, 0xff, 0xff, 0xff, 0xff},
		"a text of 4 GB":                    {0xdb, 0xff, 0xff, 0xff, 0xff},
		"2 GB of bytes":                     {0xc6, 0x7f, 0xff, 0xff, 0xff},
		"an extension of 4 GB":              {0xc9, 0xff, 0xff, 0xff, 0xff, 0x01},
		"one in one, 16 million elements":   {0x91, 0xdd, 0x01, 0x00, 0x00, 0x00},
		"in a list, after a proper element": {0x92, 0x01, 0xdd, 0x01, 0x00, 0x00, 0x00},
		"arrays 200,000 deep":               append(bytes.Repeat(array, 200_000), 0xc0),
		"maps 100,000 deep":                 append(bytes.Repeat(dict, 100_000), 0xc0),
		"arrays deep, and no end":           bytes.Repeat(array, 200_000),
		"a byte that isn't msgpack":         {0x91, 0xc1},
		"half a number":                     {0x91, 0xcf, 0x01},
		"what trails":                       {0x90, 0x90},
		"JSON 200,000 deep":                 bytes.Repeat([]byte("["), 200_000),
		"JSON objects 50,000 deep":          bytes.Repeat([]byte(`{"a":`), 50_000),
		"half a JSON text":                  []byte(`["a`),
	}
}

// framed are messages of one call with those arguments, and of frames that are broken.
func framed(t *testing.T, method string, args []byte) [][]byte {
	header := []byte{0xc1, 0x01}
	call := func(elements ...any) []byte { return append(slices.Clone(header), pack(t, elements)...) }
	raw := msgpack.RawMessage(args)
	return [][]byte{
		call(1, 7, 60_000, nil, args),                       // as arguments
		call(1, 8, 60_000, nil, args, method),               // on the service's subject
		call(4, 0, 60_000, nil, args, method),               // one way
		call(1, 9, 60_000, raw, []byte{0x90}, method),       // as metadata
		call(1, 10, 60_000, nil, raw, method),               // bare
		call(1, 11, 60_000, nil, []byte{0x90}, method, raw), // as an element to come
		append(slices.Clone(header), args...),               // as a frame
		append([]byte{0xc1}, args...),                       // as a version
	}
}

// allocatedBy returns how many bytes were allocated meanwhile, by whoever.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// This test isn't parallel: it measures the memory of the whole process.
func TestPromise7HostileBytesCostNothing(t *testing.T) {
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{}, "hungry", hungry{})
	c := n.client(rpcclient.Config{})
	if _, err := rpcclient.Call[int](testContext(t), c, "hungry.ints", []int64{1}); err != nil {
		t.Fatal(err)
	}
	nc := bareConnection(t, n.broker.URL())
	var sent, sentBytes uint64
	// send delivers messages and waits until the server is done with them.
	send := func(subject string, messages ...[]byte) {
		for _, m := range messages {
			sent, sentBytes = sent+1, sentBytes+uint64(len(m))
			if err := nc.PublishRequest(subject, nc.NewInbox(), m); err != nil {
				t.Fatal(err)
			}
		}
		if err := nc.FlushWithContext(testContext(t)); err != nil {
			t.Fatal(err)
		}
	}
	// check fails the test if the server is gone, or memory moved.
	check := func(t *testing.T, allocated uint64) {
		t.Helper()
		// Each message crosses a client, a server and a broker, which copy it, and gets
		// an answer. A single bomb that goes off takes 100 MB and more.
		if limit := 16<<20 + 8*sentBytes + 16<<10*sent; allocated > limit {
			t.Errorf("%d messages of %d bytes made the process allocate %d bytes, want %d at most", sent, sentBytes, allocated, limit)
		}
		sent, sentBytes = 0, 0
		if got, err := rpcclient.Call[int](testContext(t), c, "hungry.ints", []int64{1, 2, 3}); err != nil || got != 3 {
			t.Errorf("afterwards ints(1, 2, 3) = %v, %v; want 3, nil", got, err)
		}
		if got := srv.Stats().Panics; got != 0 {
			t.Errorf("the server counts %d panics, want 0", got)
		}
	}
	settle := func() {
		eventually(t, "a server at rest", func() error {
			// The messages of one connection are received in order, so this is the last.
			if _, err := rpcclient.Call[int](testContext(t), c, "hungry.ints", []int64{1}); err != nil {
				return err
			}
			if s := srv.Stats(); s.Running+s.Waiting > 0 {
				return errors.New("calls are under way")
			}
			return nil
		})
	}

	t.Run("bombs as plain requests", func(t *testing.T) {
		for _, bomb := range bombs() {
			check(t, allocatedBy(func() {
				for _, method := range hungryMethods {
					send("helium.call.hungry."+method, bomb, append([]byte{0x91}, bomb...))
				}
				settle()
			}))
		}
	})
	t.Run("bombs within frames", func(t *testing.T) {
		for _, bomb := range bombs() {
			check(t, allocatedBy(func() {
				for _, method := range hungryMethods {
					messages := framed(t, method, bomb)
					send("helium.call.hungry."+method, messages...)
					send("helium.call.hungry", messages...)
				}
				send("helium.at.hungry."+srv.Instance()+".ints", framed(t, "ints", bomb)...)
				send("helium.ctl.hungry."+srv.Instance(), framed(t, "ints", bomb)...)
				settle()
			}))
		}
	})
	t.Run("bombs for the binder", func(t *testing.T) {
		check(t, allocatedBy(func() {
			for _, bomb := range bombs() {
				for _, request := range []string{"register.hungry", "renew.hungry", "end.hungry", "lookup.hungry", "list"} {
					send("helium.binder."+request, bomb)
				}
			}
			settle()
		}))
		if _, err := registryOf(t, n.dial()).Lookup(testContext(t), "hungry"); err != nil {
			t.Errorf("afterwards Lookup(hungry): %v, want nil", err)
		}
	})
	t.Run("random bytes", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		check(t, allocatedBy(func() {
			for range 2000 {
				b := make([]byte, random.IntN(200))
				for i := range b {
					b[i] = byte(random.Uint32())
				}
				method := hungryMethods[random.IntN(len(hungryMethods))]
				send("helium.call.hungry."+method, b, append([]byte{0xc1, 0x01}, b...), framed(t, method, b)[0])
			}
			settle()
		}))
	})
}

// It isn't parallel either.
func TestPromise7AHostileServerCostsItsCallersNothing(t *testing.T) {
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		trap := n.setTrap()
		c := n.client(rpcclient.Config{})
		n.link(t, c, "trap", 1)
		run := func(answer func(seq uint64) []byte) ([]int64, error) {
			trap <- answer
			return rpcclient.Call[[]int64](testContext(t), c, "trap.run")
		}
		answer := func(elements ...any) []byte { return append([]byte{0xc1, 0x01}, pack(t, elements)...) }
		good := func(seq uint64) []byte { return answer(2, seq, 1, nil, []byte{0x91, 0x07}) }

		var calls int
		allocated := allocatedBy(func() {
			for name, bomb := range bombs() {
				calls += 2
				got, err := run(func(seq uint64) []byte { return answer(2, seq, 1, nil, bomb) })
				if err == nil || len(got) != 0 || err != nil && helium.OutcomeOf(err) != helium.Executed {
					t.Errorf("%s as the result: %d elements, error %v, outcome %v; want an error, executed", name, len(got), err, helium.OutcomeOf(err))
				}
				got, err = run(func(seq uint64) []byte { return append(good(seq), bomb...) })
				if err == nil && (len(got) != 1 || got[0] != 7) {
					t.Errorf("a good answer before %s: %v, want 7 or an error", name, got)
				}
			}
		})
		if limit := uint64(96 << 20); allocated > limit {
			t.Errorf("%d answers made the process allocate %d bytes, want %d at most", calls, allocated, limit)
		}
		if got, err := run(good); err != nil || len(got) != 1 || got[0] != 7 {
			t.Errorf("afterwards run() = %v, %v; want [7], nil", got, err)
		}
	})
}

// setTrap serves trap.run by hand. Each call takes what makes its answer from the channel.
func (n network) setTrap() (next chan<- func(seq uint64) []byte) {
	n.t.Helper()
	answers := make(chan func(seq uint64) []byte, 1)
	answer := func(message []byte) []byte {
		seq, err := numberIn(message)
		if err != nil {
			n.t.Errorf("the call %x can't be read: %v", message, err)
			return nil
		}
		return (<-answers)(seq) // the caller tells if nothing comes
	}
	nc := n.dial()
	r := binder.Record{Service: "trap", Instance: "trap", Methods: []binder.Method{{Name: "run", Signature: "run() []int64", Kind: binder.KindCall}}}
	if n.over.listen != "" {
		r.Abilities = uint64(wire.Direct)
		n.listenInTrap(nc, answer)
	}
	if _, err := nc.QueueSubscribe("helium.call.trap.run", "helium", func(m *nats.Msg) { _ = m.Respond(answer(m.Data)) }); err != nil {
		n.t.Fatal(err)
	}
	if _, err := registryOf(n.t, nc).Register(testContext(n.t), r); err != nil { // behind it
		n.t.Fatal(err)
	}
	return answers
}

// numberIn returns the number of the call in a message.
func numberIn(message []byte) (uint64, error) {
	frames, err := wire.ReadMessage(message)
	for err == nil {
		var f wire.Frame
		if err = frames.Next(&f); err == nil && f.Kind == wire.KindCall { // a frame about the sender stands before it
			return f.Seq, nil
		}
	}
	return 0, err
}

// listenInTrap gives tickets for links by which the trap answers, too.
func (n network) listenInTrap(nc *nats.Conn, answer func(message []byte) []byte) {
	n.t.Helper()
	at, err := direct.ParseAddresses(n.over.listen)
	if err != nil {
		n.t.Fatal(err)
	}
	l, err := direct.Listen(direct.ListenConfig{
		Listen: at, Instance: "trap", Log: quiet, Counters: new(link.ServerCounters),
		MaxMessage: func() int { return wire.UsualPayload }, Reachable: func(context.Context) bool { return true }, Gone: func(string) {},
		Serve: func(by link.Server) {
			for in, ok := by.Receive(); ok; in, ok = by.Receive() {
				if in.Reached == nil && !in.Cancels {
					by.Answer(&link.Outgoing{To: in.From, Message: &batch.Message{Data: answer(in.Data), Frames: 1}})
				}
			}
		},
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(l.Close)
	give := func(m *nats.Msg) {
		frames, err := wire.ReadMessage(m.Data)
		var f wire.Frame
		if err == nil {
			err = frames.Next(&f)
		}
		if err != nil || f.Kind != wire.KindTicketRequest {
			return
		}
		if key, err := wire.ReadTicketRequest(f.Body); err == nil {
			_ = m.Respond(wire.AppendTicket(wire.AppendMessageHeader(nil), l.Ticket("trap", key)))
		}
	}
	if _, err := nc.Subscribe("helium.at.trap.trap", give); err != nil {
		n.t.Fatal(err)
	}
}

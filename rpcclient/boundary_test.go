package rpcclient_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// sized is a service of values of any size.
type sized struct{}

func (sized) Give(n int) []byte                                      { return make([]byte, n) }
func (sized) Take(b []byte) int                                      { return len(b) }
func (sized) Both(b []byte) []byte                                   { return b }
func (sized) GiveOf(n int, xs iter.Seq2[int, error]) ([]byte, error) { return make([]byte, n), nil }

// TakeBeside returns how many bytes and items it was sent.
func (sized) TakeBeside(b []byte, xs iter.Seq2[int, error]) (n int, err error) {
	for _, err := range xs {
		if err != nil {
			return 0, err
		}
		n++
	}
	return len(b) + n, nil
}

const smallMessage = 32 << 10

func newSmallMessages(t *testing.T, over linkage) *rpcclient.Client {
	t.Helper()
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{MaxPayload: smallMessage}, Client: long})
	serveOver(t, over, env, env.Client, rpcserver.Config{}, "sized", sized{})
	return env.Client
}

func TestValuesOfEverySizeAroundThatOfAMessageArrive(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		c := newSmallMessages(t, over)
		for name, ctx := range map[string]context.Context{
			"alone": t.Context(), "with metadata": helium.WithMetadata(t.Context(), helium.Metadata{"trace": "0123456789"}),
		} {
			for n := smallMessage - 250; n < smallMessage+10; n++ {
				if got, err := rpcclient.Call[[]byte](ctx, c, "sized.give", n); len(got) != n || err != nil {
					t.Errorf("%s: a result of %d bytes: got %d, %v", name, n, len(got), err)
				}
				if got, err := rpcclient.Call[int](ctx, c, "sized.take", make([]byte, n)); got != n || err != nil {
					t.Errorf("%s: an argument of %d bytes: got %d, %v", name, n, got, err)
				}
				if got, err := rpcclient.Call[[]byte](ctx, c, "sized.both", make([]byte, n)); len(got) != n || err != nil {
					t.Errorf("%s: %d bytes both ways: got %d, %v", name, n, len(got), err)
				}
			}
		}
	})
}

func TestAStreamsArgumentsAndResultOfEverySizeAroundThatOfAMessageArrive(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		c := newSmallMessages(t, over)
		for n := smallMessage - 250; n < smallMessage+10; n++ {
			if got, err := rpcclient.Call[[]byte](t.Context(), c, "sized.giveOf", n, numbers(3)); len(got) != n || err != nil {
				t.Errorf("a result of %d bytes: got %d, %v", n, len(got), err)
			}
			if got, err := rpcclient.Call[int](t.Context(), c, "sized.takeBeside", make([]byte, n), numbers(3)); got != n+3 || err != nil {
				t.Errorf("an argument of %d bytes beside three items: got %d, %v", n, got-3, err)
			}
		}
	})
}

func TestAnInstanceThatIsNotThereIsSaidToBeSoWhateverTheCallNeeds(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: long})
	heliumtest.Serve(env, "sized", sized{})
	nc := env.Conn("killed")
	killed := rpcserver.New(nc, rpcserver.Config{Logger: slog.New(slog.DiscardHandler)})
	if err := rpcserver.Register[sized](killed, "sized", sized{}); err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = killed.Shutdown(context.Background()) })
	nc.Close() // its record stays
	for _, instance := range []string{"nobody", killed.Instance()} {
		nobody := env.Client.At(instance)
		for name, call := range map[string]func() error{
			"a call":          func() error { return nobody.Call(t.Context(), "sized.take", nil, []byte("x")) },
			"large arguments": func() error { return nobody.Call(t.Context(), "sized.take", nil, make([]byte, 3<<20)) },
			"an idempotency key": func() error {
				return nobody.Call(rpcclient.WithIdempotencyKey(t.Context(), "k"+instance), "sized.take", nil, []byte("x"))
			},
			"a stream": func() error { return nobody.Call(t.Context(), "sized.giveOf", nil, 1, numbers(3)) },
			"a stream beside much": func() error {
				return nobody.Call(t.Context(), "sized.takeBeside", nil, make([]byte, 3<<20), numbers(3))
			},
		} {
			checkFailure(t, name, call(), failure{is: helium.ErrNoInstance, code: helium.CodeUnavailable, outcome: helium.NotExecuted, says: []string{fmt.Sprintf(`instance %q isn't running, or has no service "sized"`, instance)}})
		}
	}
}

package rpcclient_test

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestACallThatMeetsAnUnlinkedInstanceWithoutItsMethodGoesOnWithinTheAttempt(t *testing.T) {
	for _, perMethod := range []bool{false, true} {
		t.Run(fmt.Sprintf("a subject for each method=%v", perMethod), func(t *testing.T) {
			env := heliumtest.New(t)
			heliumtest.ServeWith(env, rpcserver.Config{Listen: "127.0.0.1:0"}, "counter", new(counter))
			// Its record says that it has the method, and it says that it hasn't.
			nc := env.Conn("without")
			subscribe(t, nc, "helium.at.counter.without.>", func(m *nats.Msg) {
				frames, err := wire.ReadMessage(m.Data)
				for err == nil && frames.More() {
					var f wire.Frame
					if err = frames.Next(&f); err == nil && f.Kind == wire.KindCall {
						about := wire.Frame{Kind: wire.KindInstance, Body: []byte("without")}
						reply := wire.AppendFrame(wire.AppendMessageHeader(nil), &about)
						e := helium.ErrNoMethod.WithMessage("it has no such method").WithOutcome(helium.NotExecuted)
						e.Instance = "without"
						err = m.Respond(wire.AppendFrame(reply, &wire.Frame{Kind: wire.KindError, Seq: f.Seq, Body: wire.AppendError(nil, e)}))
					}
				}
				if err != nil {
					t.Error(err)
				}
			})
			registry, err := binder.NewClient(nc, "")
			if err != nil {
				t.Fatal(err)
			}
			record := binder.Record{Service: "counter", Instance: "without", PerMethod: perMethod, Methods: []binder.Method{
				{Name: "countA", Signature: "countA() int64"}, {Name: "countB", Signature: "countB() int64"},
			}}
			if _, err := registry.Register(t.Context(), record); err != nil {
				t.Fatal(err)
			}
			c := env.NewClient(rpcclient.Config{MaxAttempts: 1})
			eventually(t, func() error {
				for range 100 {
					if err := c.Call(t.Context(), "counter.countA", nil); err != nil {
						t.Fatal(err)
					}
				}
				if c.Stats().Fallbacks == 0 {
					return fmt.Errorf("no call went on elsewhere")
				}
				return nil
			})
		})
	}
}

package rpcclient

import (
	"context"
	"log/slog"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

func TestWhatAHedgeDidCountsAlsoIfItsCallerGivesUpAtTheSameMoment(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	c := &core{links: link.NewDispatcher(new(nats.Conn), wire.Subjects{}, slog.Default())}
	for range 100 { // either of what is there may come first
		call := &Invocation{method: &Method{core: c}, answer: answer{done: make(chan struct{}, 1)}}
		h := &hedge{answer: answer{done: make(chan struct{}, 1)}}
		call.flight.To, h.flight.To = new(link.Method), new(link.Method)
		call.answer.Fail(helium.ErrOverloaded.WithOutcome(helium.NotExecuted))
		h.answer.Arrive(&wire.Frame{Kind: wire.KindReply}, nil)
		if e := call.waitForBoth(over, &way{view: new(directory.View)}, h); e != nil && call.overall(e).Outcome == helium.NotExecuted {
			t.Fatalf("the error is %v, not executed, though the hedge was answered", e)
		}
	}
}

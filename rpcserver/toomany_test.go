package rpcserver

import (
	"testing"
	"testing/synctest"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
)

func TestAMessageThatIsTooMuchIsRefusedWholeAndUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := oneMethod(t, add(nil))
		l := newMemoryLink(t)
		r := s.newReceiver(l, clocks.New(s.pulse, nil))
		broken := []byte{0xc1, 1, 0xff} // nobody reads it
		l.come <- link.Incoming{Data: broken, From: l.from, Service: "math", TooMany: true}
		l.come <- link.Incoming{Data: broken, Service: "math", TooMany: true} // one-way
		l.Close()
		r.receive()
		messages := l.take()
		if len(messages) != 1 || len(messages[0]) != 1 || messages[0][0].Kind != wire.KindError || messages[0][0].Seq != 0 {
			t.Fatalf("answered %+v, want an error that concerns the message", messages)
		}
		e, err := wire.ReadError(messages[0][0].Body)
		if err != nil || e.Reason != helium.ErrOverloaded.Reason || e.Outcome != helium.NotExecuted {
			t.Errorf("refused with %v, %v; want helium.overloaded, not executed", e, err)
		}
		if got := s.counters.refusedMessages.Load(); got != 2 {
			t.Errorf("RefusedMessages = %d, want 2", got)
		}
		if got := s.counters.unheard.Load(); got != 1 {
			t.Errorf("Unheard = %d, want 1", got)
		}
	})
}

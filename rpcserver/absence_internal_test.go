package rpcserver

import (
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

func TestACallWithAnIdempotencyKeyGoesOnThoughItsCallerIsGone(t *testing.T) {
	s, l := someCallers(t), newMemoryLink(t)
	now := time.Now()
	plain, keyed := callUntil(1, now.Add(time.Hour)), callUntil(2, now.Add(time.Hour))
	keyed.key = "order-1"
	c, _ := s.callers.admit(l, l.from, sender{speaks: true, abilities: wire.Heartbeats}, "math", []*Call{plain, keyed}, now)
	abandoned := 0
	for i := range fewestMisses {
		abandoned += s.callers.missing(l.from.Key, c.sign, now.Add(time.Duration(i)*missedFor))
	}
	if plain.ctx.Err() == nil || keyed.ctx.Err() != nil || abandoned != 1 {
		t.Errorf("the call's context ended with %v, that of the one with a key with %v, and %d were abandoned; want canceled, nil and 1", plain.ctx.Err(), keyed.ctx.Err(), abandoned)
	}
}

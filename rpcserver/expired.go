package rpcserver

import (
	"strconv"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// waited returns how long a call has waited since its message was begun, as far as that is certain.
func (c *Call) waited(now time.Time) time.Duration {
	if c.unsure {
		return 0
	}
	return now.Sub(c.begun)
}

// expired returns the error of a call whose time ran out before its turn came. It says how long
// the call has waited since its message was begun: a caller that hasn't seen so much time pass
// knows that its clock, by which that was told, stood still.
func expired(call *Call, now time.Time) *helium.Error {
	waited := now.Sub(call.begun)
	if call.unsure {
		return helium.ErrFrozen.WithMessage("the instance stood still and can't tell how long the call has waited, perhaps %v; try again", waited.Round(time.Millisecond))
	}
	return helium.ErrExpired.WithMessage("the call's time ran out before its turn came, %v after its message was begun", waited.Round(time.Millisecond)).
		WithDetail(wire.WaitedDetail, strconv.FormatInt(waited.Milliseconds(), 10))
}

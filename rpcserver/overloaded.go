package rpcserver

import (
	"strconv"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// overloaded are the errors of calls that are refused for load. While many are, what one costs is what
// the others don't get, so each is made and encoded once.
type overloaded struct {
	soon readyError // of those that had no room, or haven't waited long for their turn
	late readyError // of those that have, which it tells
}

// readyError is an error that many calls get: as it is, and as it leaves.
type readyError struct {
	err  *helium.Error
	body []byte
}

func newOverloaded(instance string) *overloaded {
	ready := func(err *helium.Error) readyError {
		err.Instance = instance
		return readyError{err, wire.AppendError(nil, err)}
	}
	err := helium.ErrOverloaded.WithOutcome(helium.NotExecuted)
	return &overloaded{
		soon: ready(err),
		late: ready(err.WithDetail(wire.WaitedDetail, strconv.FormatInt(wire.LongWait.Milliseconds(), 10))),
	}
}

// body returns an error as it leaves if it is one of these, else nil.
func (o *overloaded) body(err *helium.Error) []byte {
	switch err {
	case o.soon.err:
		return o.soon.body
	case o.late.err:
		return o.late.body
	}
	return nil
}

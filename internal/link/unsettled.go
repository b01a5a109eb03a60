package link

import (
	"strings"

	"github.com/helium-rpc/helium"
)

// Unsettled ends what the message of an error says of a call, before its cause, where its outcome is
// helium.Unknown for good, as far as is known where the error is made. [helium.ErrDisconnected] ends so by itself.
const Unsettled = "; nobody can tell whether it ran"

// Settled returns an error of unknown outcome with the outcome that is known where more is known of the call,
// and without the words that nobody can tell.
func Settled(e *helium.Error, outcome helium.Outcome) *helium.Error {
	settled := e.WithOutcome(outcome)
	settled.Message = strings.Replace(settled.Message, Unsettled, "", 1)
	return settled
}

package cli

import (
	"errors"

	"github.com/helium-rpc/helium"
)

// ClientFailure is the error of a client that can't be made on a connection which stands. What
// was asked for is at fault where a Config is; an error of Helium's says by itself what is, such
// as that the user may not receive answers, and so does its exit code. Else it is the server.
func ClientFailure(err error) error {
	if isAboutFlags(err) {
		return Fail(ExitUsage, "", err)
	}
	if _, ok := errors.AsType[*helium.Error](err); ok {
		return err
	}
	return Fail(ExitNoBus, "", err)
}

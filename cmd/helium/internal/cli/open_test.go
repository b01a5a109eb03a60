package cli_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestOnlyWhatWasAskedForIsWrongUsageOfAClientThatCantBeMade(t *testing.T) {
	for _, c := range []struct {
		err  error
		exit int
	}{
		{helium.ConfigErrorf("rpcclient", "{Config.Timeout} is negative"), cli.ExitUsage},
		{fmt.Errorf("rpcclient: %w", helium.ErrBadRegistryName), cli.ExitUsage},
		{fmt.Errorf("rpcclient: %w", helium.ErrNotPermitted), cli.ExitNoBus},
		{helium.ErrNotConnected, cli.ExitNoBus},
		{errors.New("this NATS server has headers turned off"), cli.ExitNoBus},
	} {
		if got := cli.ExitCodeOf(cli.ClientFailure(c.err)); got != c.exit {
			t.Errorf("%v: got exit %d, want %d", c.err, got, c.exit)
		}
	}
}

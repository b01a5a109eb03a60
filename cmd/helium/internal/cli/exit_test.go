package cli_test

import (
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestAnErrorOfHeliumsOwnIsNotTheMethods(t *testing.T) {
	for _, c := range []struct {
		err  *helium.Error
		exit int
	}{
		{helium.ErrNoInstance, cli.ExitNoInstance},
		{helium.ErrSilent, cli.ExitNoInstance},
		{helium.ErrFrozen, cli.ExitNoInstance},
		{helium.ErrCut, cli.ExitNoInstance},
		{helium.ErrUnfinished, cli.ExitNoInstance},
		{helium.ErrOverloaded, cli.ExitNoInstance},
		{helium.ErrStreamsUnsupported, cli.ExitNoInstance},
		{helium.ErrIdempotencyKeysUnsupported, cli.ExitNoInstance},
		{helium.ErrIdempotencyKeyReused, cli.ExitArguments},
		{helium.ErrDeadline, cli.ExitDeadline},
		{helium.ErrDisconnected, cli.ExitNoBus},
		{helium.NewError(helium.CodeUnavailable, "shop.closed", "closed"), cli.ExitMethod},
	} {
		e := *c.err
		e.Instance = "i1"
		if got := cli.ExitOfCall(&e); got != c.exit {
			t.Errorf("%s has exit code %d, want %d", e.Reason, got, c.exit)
		}
	}
}

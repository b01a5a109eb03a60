package main

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestRawTextIsItselfHoweverManyCallsThereAre(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for _, each := range []struct {
		args []string
		in   string
	}{
		{[]string{"Ada \"Lovelace\""}, ""},
		{[]string{"Ada \"Lovelace\"", "--all"}, ""},
		{[]string{"--each"}, `["Ada \"Lovelace\""]`},
	} {
		r := heliumRunWith(t, strings.NewReader(each.in), append([]string{"call", "kinds.text", "-s", url, "-o", "raw"}, each.args...)...)
		if want := "Ada \"Lovelace\"\n"; r.exit != cli.ExitOK || r.out != want {
			t.Errorf("call %q: got exit %d and %q, want %q; it says:\n%s", each.args, r.exit, r.out, want, r.err)
		}
	}
}

package cli_test

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestNegativeNumbersAreNoFlags(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"call math.add -2 3", "call math.add \x00-2 3"},
		{"call math.add -2 -.5", "call math.add \x00-2 \x00-.5"},
		{"call math.add -P 4 -2 3", "call math.add -P 4 \x00-2 3"},
		{"ls --timeout -1s", "ls --timeout -1s"},
		{"call --timeout=1s math.add -2 3", "call --timeout=1s math.add \x00-2 3"},
		{"call math.add -- -2 3", "call math.add -- -2 3"},
		{"call math.add -d -", "call math.add -d -"},
	} {
		if got := strings.Join(cli.ProtectNumbers(strings.Fields(test.args)), " "); got != test.want {
			t.Errorf("%q: got %q, want %q", test.args, got, test.want)
		}
	}
}

package cli_test

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestNegativeNumbersAreNoFlags(t *testing.T) {
	root := &cobra.Command{Use: "helium"}
	root.PersistentFlags().Duration("timeout", 0, "")
	root.PersistentFlags().StringP("output", "o", "", "")
	call := &cobra.Command{Use: "call"}
	call.Flags().IntP("parallel", "P", 0, "")
	call.Flags().StringP("data", "d", "", "")
	call.Flags().BoolP("verbose", "v", false, "")
	call.Flags().Bool("all", false, "")
	root.AddCommand(call)
	for _, test := range []struct{ args, want string }{
		{"call math.add -2 3", "call math.add \x00-2 3"},
		{"call math.add -2 -.5", "call math.add \x00-2 \x00-.5"},
		{"call math.add -P 4 -2 3", "call math.add -P 4 \x00-2 3"},
		{"ls --timeout -1s", "ls --timeout -1s"},
		{"call --timeout=1s math.add -2 3", "call --timeout=1s math.add \x00-2 3"},
		{"call math.add -- -2 3", "call math.add -- -2 3"},
		{"call math.add -d -", "call math.add -d -"},
		{"call math.add --all -2 3", "call math.add --all \x00-2 3"},
		{"call math.add -v -2 3", "call math.add -v \x00-2 3"},
		{"call math.add -P4 -2 3", "call math.add -P4 \x00-2 3"},
		{"call math.add -vP -2 3", "call math.add -vP -2 3"},
		{"call math.add -ojson -2 3", "call math.add -ojson \x00-2 3"},
		{"call math.add -o -2", "call math.add -o -2"},
		{"call math.add --nobody -2", "call math.add --nobody -2"},
	} {
		if got := strings.Join(cli.ProtectNumbers(call, strings.Fields(test.args)), " "); got != test.want {
			t.Errorf("%q: got %q, want %q", test.args, got, test.want)
		}
	}
}

package shell_test

import (
	"testing"

	"github.com/helium-rpc/helium/internal/shell"
)

func TestAWordCanBePastedIntoAShell(t *testing.T) {
	for text, want := range map[string]string{
		"out/stock.ts": "out/stock.ts",
		"my file.ts":   "'my file.ts'",
		"it's":         `'it'\''s'`,
		"$(evil)":      "'$(evil)'",
		"":             "''",
	} {
		if got := shell.Word(text); got != want {
			t.Errorf("shell.Word(%q): got %s, want %s", text, got, want)
		}
	}
}

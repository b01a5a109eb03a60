package call

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/visible"
)

// showTemplate prints the template of a method, and beside it what the types are.
func showTemplate(env *cli.Env, t *lookup.Method) error {
	text, err := arguments.Template(t.Signature)
	if err != nil {
		return cli.Fail(cli.ExitUsage, shell.Line("helium", "describe", t.Name()), fmt.Errorf("%s: %w", t.Name(), err))
	}
	if env.Form == "ndjson" {
		_, err := env.Out.JSON(append(text, '\n'))
		return err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	if _, err = env.Out.JSON(indented.Bytes()); err != nil {
		return err
	}
	if env.Form == "table" {
		explained := t.Explained()
		for _, line := range explained {
			env.Say("%s", visible.Line(line))
		}
		if mayMiss := regexp.MustCompile(`\?|\bany\b`); slices.ContainsFunc(explained, mayMiss.MatchString) {
			env.Say("what is T? or any may be null or left out")
		}
		env.Say("next: %s -d @file", shell.Line("helium", "call", t.Name()))
	}
	return nil
}
